"""The facts of a look at a dataset: what the rollups hold, and what is on record of them. The source is asked for its columns
only, as every answer asks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from lapwing.alerts.almanac import effects
from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.data.constants import DAYS_BACK, HOURS_BACK, LOOK_AGAIN, MOST_VALUES, VALUE_DAYS
from lapwing.alerts.data.facts import Facts, Rows, Values
from lapwing.alerts.data.seen import Seen
from lapwing.alerts.data.shaped import compared
from lapwing.alerts.detect import Detection
from lapwing.alerts.history import Asking, Series
from lapwing.alerts.measured import Measured
from lapwing.alerts.ready.arrivals import Moments
from lapwing.alerts.ready.readiness import DAILY, Readiness, grains_of, rows_of
from lapwing.alerts.terms import Around, Terms, expect
from lapwing.cache.request import Terms as Wished
from lapwing.cache.runs import Run
from lapwing.model.calendar import edges, to_us
from lapwing.model.checks.tables import parts
from lapwing.model.dataset import Dataset
from lapwing.model.grain import Grain
from lapwing.model.problem import LapwingError, Problem

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing


@dataclass(frozen=True, slots=True, eq=False)
class _Reckoned:
    """What is reckoned from the rollups, of one version of them, at a moment."""

    version: str
    at: int
    rows: Rows | None
    days: Rows | None
    values: tuple[Values, ...]


class Gatherer:
    """Remembers what takes long to reckon. One look at a time."""

    def __init__(self, lapwing: Lapwing, readiness: Readiness) -> None:
        self._lapwing = lapwing
        self._readiness = readiness
        self._reckoned: dict[str, _Reckoned] = {}
        self._expectations: dict[tuple[str, Grain], tuple[tuple[int, int, int], Detection]] = {}

    def facts(self, dataset: Dataset, seen: Seen) -> Facts:
        """What there is to know of a dataset now; `seen` of it is of the looks before and of this one.

        Raises:
            LapwingError: the store can't be read.
        """
        lapwing, cache, now = self._lapwing, self._lapwing.cache, to_us(self._lapwing.now())
        trouble = self._trouble(dataset)
        span = cache.span(dataset.name, Wished(source=False))
        seen = seen.moved(now, None if span is None else min(span[1], now))
        if trouble is None:
            seen = replace(seen, troubles=0, trouble_since=None)
        else:
            since = now if seen.trouble_since is None else seen.trouble_since
            seen = replace(seen, troubles=seen.troubles + 1, trouble_since=since)
        columns = self._columns(dataset)
        if columns is not None:
            seen = compared(seen, columns, dataset, now)
        after = self._readiness.complete_after(dataset) or int(dataset.complete_after.total_seconds() * 1e6)
        until = cache.data_until(dataset.name)
        complete_until = None if until is None else min(until, now - after)
        reckoned = self._reckon(dataset, now, complete_until)
        promised = [one.freshness.total_seconds() for one in dataset.rollups.values() if one.freshness is not None]
        return Facts(
            dataset=dataset,
            at=now,
            zone=lapwing.project.timezone,
            seen=seen,
            curve=self._readiness.usual(dataset),
            rows=reckoned.rows,
            days=reckoned.days,
            values=reckoned.values,
            complete_until=complete_until,
            promised=int(min(promised) * 1e6) if promised else None,
            runs=last_runs(cache.runs(dataset.name)),
            trouble=trouble,
            audits=tuple(one for one in cache.audits.incidents(dataset.name) if one.resolved is None),
        )

    def _trouble(self, dataset: Dataset) -> Problem | None:
        try:
            return self._lapwing.cache.binding(dataset.name).trouble
        except LapwingError as error:
            return error.problems[0]

    def _columns(self, dataset: Dataset) -> Mapping[str, str] | None:
        if dataset.table is None:
            return None
        with suppress(LapwingError):
            table = self._lapwing.sql.catalog.resolve(parts(dataset.table) or (dataset.table,))
            return {column.name: column.type for column in table.columns}
        return None

    def _reckon(self, dataset: Dataset, now: int, until: int | None) -> _Reckoned:
        version = self._lapwing.cache.version(dataset.name)
        kept = self._reckoned.get(dataset.name)
        if kept is not None and kept.version == version and now - kept.at < LOOK_AGAIN:
            return kept
        on, name = dataset.checks.on, rows_of(dataset)
        grains = grains_of(dataset)
        rows = days = None
        values: tuple[Values, ...] = ()
        if name is not None and grains and until is not None:
            curve = self._readiness.usual(dataset)
            if "late" in on and curve is not None:
                rows = self._rows(dataset, name, grains[0], now, now - curve.horizon)
            if "volume" in on:
                days = self._rows(dataset, name, DAILY, now, until)
            if "values" in on:
                values = tuple(self._values(dataset, name, until))
        found = self._reckoned[dataset.name] = _Reckoned(version, now, rows, days, values)
        return found

    def _rows(self, dataset: Dataset, name: str, grain: Grain, now: int, learned: int) -> Rows | None:
        """Rows by bucket up to now; nothing is learned of those that end after `learned`."""
        project, back = self._lapwing.project, DAYS_BACK if grain == DAILY else HOURS_BACK
        span = self._lapwing.cache.span(dataset.name, Wished(source=False))
        if span is None:
            return None
        borders = edges(grain, project.timezone, max(span[0], now - back), now, project.week_start)
        plan = Measured(kind=Kind.COUNT, amount=name, exposure=None, ratio=False)
        asking = Asking(lapwing=self._lapwing, measured=plan, zone=project.timezone)
        series = asking.series((), (), grain, (int(borders[0]), int(borders[-1])))
        held = np.zeros(len(borders) - 1)
        if len(series.starts):
            held[: len(series.starts)] = np.nan_to_num(series.amount[0])[: len(held)]
        return Rows(grain, borders, held, self._expected(dataset, grain, borders, held, learned))

    def _expected(self, dataset: Dataset, grain: Grain, borders: Moments, held: Floats, learned: int) -> Detection:
        """What was expected of each bucket: reckoned anew with each bucket that is complete, and not with each row."""
        project, complete = self._lapwing.project, int((borders[1:] <= learned).sum())
        key = (int(borders[0]), int(borders[-1]), complete)
        kept = self._expectations.get((dataset.name, grain))
        if kept is not None and kept[0] == key:
            return kept[1]
        past = np.where(np.arange(len(held)) < complete, held, np.nan)
        zone = ZoneInfo(project.timezone)
        calendar = effects(borders, grain, zone, holidays=project.calendar, events=project.events, slices=((),))
        terms = Terms(kind=Kind.COUNT, ratio=False, grain=grain, sensitivity=dataset.checks.volume)
        found = expect(borders[:-1], zone, past[None], np.ones((1, len(past))), terms, Around(effects=calendar))
        self._expectations[dataset.name, grain] = key, found
        return found

    def _values(self, dataset: Dataset, name: str, until: int) -> list[Values]:
        """Of the dimensions with few values that a rollup keeps, over the last complete days."""
        project = self._lapwing.project
        borders = edges(DAILY, project.timezone, until - (VALUE_DAYS + 3) * 86_400_000_000, until, project.week_start)
        borders = borders[borders <= until][-VALUE_DAYS - 2 :]
        if len(borders) < VALUE_DAYS + 2:
            return []
        plan = Measured(kind=Kind.COUNT, amount=name, exposure=None, ratio=False)
        asking = Asking(lapwing=self._lapwing, measured=plan, zone=project.timezone)
        out = []
        kept = (one for rollup in dataset.rollups.values() for one in rollup.dimensions)
        for dimension in dict.fromkeys(kept):
            if len(self._lapwing.cache.values(dataset.name, dimension, limit=MOST_VALUES + 1)) > MOST_VALUES:
                continue
            series = asking.series((dimension,), (), DAILY, (int(borders[0]), int(borders[-1])))
            label = dataset.dimensions[dimension].shown.label
            out.append(_of(series, label, int(borders[-2]), int(borders[-1])))
        return out


def _of(series: Series, label: str, start: int, end: int) -> Values:
    rows: Floats = np.nan_to_num(series.amount)
    if not len(series.starts) or series.starts[-1] != start:
        rows = np.zeros((len(series.slices), 0))
    return Values(label, tuple(of[-1][1] for of in series.slices), rows, start, end)


def last_runs(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The last one over each rollup, of those that ended by themselves."""
    last: dict[str, Run] = {}
    for run in runs:
        if run.problem is not None and run.problem.code == "cancelled":
            continue
        if run.rollup not in last or run.began > last[run.rollup].began:
            last[run.rollup] = run
    return tuple(last.values())
