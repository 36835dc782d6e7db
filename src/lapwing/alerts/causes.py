"""Asks the front door what a cause needs: a stretch of time and comparable ones before, by every dimension."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lapwing.alerts.cause import (
    Breakdown,
    Cause,
    Subject,
    Twins,
    breakdown,
    explain,
    label_twins,
    mean_totals,
    usual_half,
)
from lapwing.alerts.chance import Kind
from lapwing.alerts.history import Asking, Slice, Totals, Value
from lapwing.alerts.judged import Judged
from lapwing.model.calendar import from_us, to_us
from lapwing.model.dataset import Dataset

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

WEEKS = 4
"""How many weeks back comparable stretches are looked for."""
LOOK = 28 * 86_400_000_000
"""Over how long a time (microseconds) dimensions are compared to see whether one renames another."""
MOST_VALUES = 500
"""A dimension with more values than this is no use as a cause, and costly to ask."""


@dataclass(frozen=True, slots=True)
class Found:
    cause: Cause
    breakdowns: tuple[Breakdown, ...]


class Causes:
    """Finds causes; keeps what it learned about dimensions that only rename another."""

    def __init__(self, lapwing: Lapwing) -> None:
        self._lapwing = lapwing
        self._twins: dict[str, Twins] = {}
        self._lock = threading.Lock()

    def find(self, judged: Judged, within: Slice, start: int, end: int, direction: int) -> Found:
        """The cause of a difference over [start, end) (UTC microseconds) in a slice."""
        if judged.measured.kind is Kind.LEVEL:
            return Found(
                Cause("No cause is looked for: the parts of this metric do not add up.", None, None, False), ()
            )
        dataset = self._lapwing.project.datasets[judged.monitor.dataset]
        asking = Asking(lapwing=self._lapwing, measured=judged.measured, zone=self._lapwing.project.timezone)
        since = int(judged.borders[0])
        before = usual_half(
            [(pair, asking.totals((), within, *pair)) for pair in earlier(start, end, asking.zone) if pair[0] >= since]
        )

        def totals(by: tuple[str, ...], inside: Slice) -> tuple[Totals, Totals]:
            after = asking.totals(by, inside, start, end)
            return after, mean_totals([asking.totals(by, inside, *pair) for pair in before])

        if not before:
            return Found(Cause("No clear cause. There is no comparable week before it.", None, None, False), ())
        subject = Subject(
            direction=direction,
            rates=judged.measured.exposure is not None,
            ratio=judged.measured.ratio,
            unit=judged.metric.shown.unit,
            whole=_whole(dataset, judged.measured.exposure),
        )
        fixed = {name for name, _ in within}
        twins = self._twins_of(dataset, asking, min(start, end - LOOK), end)
        renaming = {name for code, name in twins if code not in fixed}
        raw = []
        for name, dimension in dataset.dimensions.items():
            if name not in fixed and name not in renaming:
                after, usual = totals((name,), within)
                if 1 < len(after) <= MOST_VALUES:
                    raw.append(breakdown(name, dimension.shown.label, after, usual, subject))
        titles = {name: dimension.shown.label for name, dimension in dataset.dimensions.items()}
        shown = label_twins(tuple(raw), twins, titles)
        return Found(explain(shown, within, totals, subject), shown)

    def _twins_of(self, dataset: Dataset, asking: Asking, start: int, end: int) -> Twins:
        """Pairs of dimensions of which each value of one goes with one value of the other: a code and its name. The longer
        texts are the names. Looked for in one stretch of time, then read from all of it."""
        with self._lock:
            known = self._twins.get(dataset.name)
        if known is not None:
            return known
        values = {name: [key[0] for key in asking.totals((name,), (), start, end)] for name in dataset.dimensions}
        named = {name: of for name, of in values.items() if len(of) > 2 and all(isinstance(v, str | None) for v in of)}
        found: dict[tuple[str, str], Mapping[Value, Value]] = {}
        for one, other in combinations(named, 2):
            taken = {name for _, name in found}
            if one in taken or other in taken or abs(len(named[one]) - len(named[other])) > 0.1 * len(named[one]):
                continue
            if len(asking.totals((one, other), (), start, end)) != max(len(named[one]), len(named[other])):
                continue
            code, name = sorted((one, other), key=lambda dimension: sum(len(str(v)) for v in named[dimension]))
            labels = {a: b for a, b in asking.pairs(code, name) if b is not None}
            found[code, name] = labels
        with self._lock:
            self._twins[dataset.name] = found
        return found


def _whole(dataset: Dataset, exposure: str | None) -> str:
    """What the sizes of slices are shares of: "the flights"."""
    return (
        "the usual" if exposure is None else f"the {dataset.metrics[exposure.rpartition('.')[2]].shown.label.lower()}"
    )


def earlier(start: int, end: int, zone: str) -> list[tuple[int, int]]:
    """The same stretch by the wall clock, one to four weeks (or the stretch's own length in weeks, if longer) before."""
    info = ZoneInfo(zone)
    weeks = max(1, -(-(end - start) // (7 * 86_400_000_000)))

    def back(moment: int, count: int) -> int:
        local = from_us(moment).astimezone(info).replace(tzinfo=None) - timedelta(weeks=weeks * count)
        return to_us(local.replace(tzinfo=info))

    return [(back(start, count), back(end, count)) for count in range(1, WEEKS + 1)]
