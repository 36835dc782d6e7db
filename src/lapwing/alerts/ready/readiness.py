"""How complete datasets usually are at which age: learned by looking at the rollups, whenever they changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.alerts.chance import Floats
from lapwing.alerts.history import floats
from lapwing.alerts.inputs import Complete
from lapwing.alerts.measured import ADDITIVE, Measured, measured
from lapwing.alerts.ready.arrivals import Arrivals, Moments, unpack
from lapwing.alerts.ready.constants import AFTER, DAY, HOUR
from lapwing.alerts.ready.curve import Curve, learn
from lapwing.alerts.ready.learned import Learned
from lapwing.model.calendar import edges, to_us, utc_iso
from lapwing.model.dataset import Aggregation, Dataset
from lapwing.model.grain import Grain, Unit
from lapwing.model.monitor import Monitor
from lapwing.model.problem import LapwingError
from lapwing.query.ask import MetricQuery, Wishes

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

HOURLY, DAILY = Grain(1, Unit.HOUR), Grain(1, Unit.DAY)
LENGTHS = {HOURLY: HOUR, DAILY: DAY}
BACK = AFTER[-1] + 2 * DAY
"""How far back buckets are looked at: as long as something is learned of them."""
SAVE = HOUR // 2
"""Between two writings of what did not change."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A measure of a dataset ("dataset.measure") by hour or day: what one arrival curve is of."""

    dataset: str
    measure: str
    grain: Grain

    @property
    def name(self) -> str:
        """By which it is kept."""
        return f"arrivals:{self.measure}:{self.grain}"


class Readiness:
    """Safe to use from several threads."""

    def __init__(self, lapwing: Lapwing, learned: Learned, monitors: Callable[[], Sequence[Monitor]]) -> None:
        self._lapwing = lapwing
        self._learned = learned
        self._monitors = monitors
        self._lock = threading.RLock()
        self._arrivals: dict[Feed, Arrivals] = {}
        self._saved: dict[Feed, int] = {}
        self._versions: dict[str, str] = {}
        self._curves: dict[Feed, tuple[Arrivals, Curve | None]] = {}

    # What is learned

    def look(self, dataset: Dataset) -> None:
        """Notes what the dataset's rollups hold now.

        Raises:
            LapwingError: they can't be read.
        """
        now = to_us(self._lapwing.now())
        with self._lock:
            version = self._lapwing.cache.version(dataset.name)
            changed = self._versions.get(dataset.name) != version
            for grain in grains_of(dataset):
                self._look(dataset, grain, now, changed=changed)
            self._versions[dataset.name] = version

    def _look(self, dataset: Dataset, grain: Grain, now: int, *, changed: bool) -> None:
        feeds = [Feed(dataset.name, name, grain) for name in self._measures(dataset)]
        if not feeds:
            return
        project = self._lapwing.project
        borders = edges(grain, project.timezone, now - BACK, now + 1, project.week_start)
        if not changed:
            for feed in feeds:
                self._note(feed, self.arrivals(feed).waited(now, borders[1:]), now, changed=False)
            return
        query = MetricQuery(
            metrics=tuple(feed.measure for feed in feeds),
            grain=grain,
            start=utc_iso(int(borders[0])),
            end=utc_iso(int(borders[-1])),
            zone=project.timezone,
            wishes=Wishes(cache_only=True),
        )
        amounts = _amounts(self._lapwing.answer(query).table, borders)
        for feed, of in zip(feeds, amounts, strict=True):
            self._note(feed, self.arrivals(feed).noted(now, borders[1:], of), now, changed=True)

    def _note(self, feed: Feed, arrivals: Arrivals, now: int, *, changed: bool) -> None:
        self._arrivals[feed] = arrivals
        if changed or now - self._saved.get(feed, 0) > SAVE:
            self._learned.put(feed.name, now, arrivals.pack())
            self._saved[feed] = now

    def _measures(self, dataset: Dataset) -> list[str]:
        """What is counted: all rows, and the parts of what is watched that add up."""
        names = [] if (rows := rows_of(dataset)) is None else [rows]
        for one in self._monitors():
            if one.dataset == dataset.name:
                names += parts(dataset, measured(*self._lapwing.project.metric(one.metric)))
        return list(dict.fromkeys(names))

    # What is known

    def arrivals(self, feed: Feed) -> Arrivals:
        """What was seen so far."""
        with self._lock:
            if feed not in self._arrivals:
                kept = self._learned.get(feed.name)
                self._arrivals[feed] = Arrivals.none(LENGTHS[feed.grain]) if kept is None else unpack(kept)
            return self._arrivals[feed]

    def curve(self, feed: Feed) -> Curve | None:
        """What is learned of it; None while too little was seen."""
        arrivals = self.arrivals(feed)
        kept = self._curves.get(feed)
        if kept is None or kept[0] is not arrivals:
            kept = self._curves[feed] = arrivals, learn(arrivals)
        return kept[1]

    def rows(self, dataset: Dataset) -> Feed | None:
        """All rows of a dataset, by its finest buckets; None where no measure counts them."""
        name = rows_of(dataset)
        grains = grains_of(dataset)
        return None if name is None or not grains else Feed(dataset.name, name, grains[0])

    def usual(self, dataset: Dataset) -> Curve | None:
        """How the rows of a dataset arrive."""
        feed = self.rows(dataset)
        return None if feed is None else self.curve(feed)

    def says(self, dataset: Dataset) -> str | None:
        """How the rows of a dataset usually arrive, in a few words; None where too little was seen."""
        curve = self.usual(dataset)
        return None if curve is None else curve.says()

    def complete(self, name: str) -> Complete | None:
        """How far a dataset is complete by now, where that is learned. By the hour: as time goes by without new data, what is
        judged need not be judged again each second."""
        dataset = self._lapwing.project.datasets[name]
        after = self.complete_after(dataset)
        if not after:
            return None
        until = self._lapwing.cache.data_until(name)
        now = to_us(self._lapwing.now()) // HOUR * HOUR
        return Complete(after, now - after if until is None else min(until, now - after))

    def complete_after(self, dataset: Dataset) -> int | None:
        """Microseconds after the end of a bucket at which it is complete enough to be judged, as learned; None where the
        model says it, or nothing is known."""
        if dataset.completeness_given:
            return None
        with suppress(LapwingError):
            curve = self.usual(dataset)
            return None if curve is None else curve.complete_after
        return None


def grains_of(dataset: Dataset) -> tuple[Grain, ...]:
    """Hours and days, as far as its rollups tell them apart; the finest first."""
    grains = [rollup.grain for rollup in dataset.rollups.values()]
    if any(grain.fixed is not None and grain.fixed <= HOUR for grain in grains):
        return HOURLY, DAILY
    return (DAILY,) if any(grain.unit is Unit.DAY or grain.fixed is not None for grain in grains) else ()


def rows_of(dataset: Dataset) -> str | None:
    """The measure that counts all rows; where there is none, the first that counts some."""
    counts = [one for one in dataset.measures.values() if one.aggregation is Aggregation.COUNT and one.argument is None]
    found = next((one for one in counts if one.every_row), counts[0] if counts else None)
    return None if found is None else f"{dataset.name}.{found.name}"


def rows_word(dataset: Dataset) -> str:
    """What it counts, in a word: "rows"."""
    name = rows_of(dataset)
    found = None if name is None else dataset.measures[name.rpartition(".")[2]]
    return "rows" if found is None or found.where is None else found.shown.label.lower()


def parts(dataset: Dataset, plan: Measured) -> list[str]:
    """The measures of a metric whose share at an age makes sense: what adds up, or both parts of a ratio; else none."""
    if not (plan.ratio or plan.additive):
        return []
    wanted = plan.asked if plan.ratio else (plan.amount,)
    names = [name.rpartition(".")[2] for name in wanted]
    found = [dataset.measures.get(name) for name in names]
    sound = all(one is not None and one.aggregation in ADDITIVE for one in found)
    return [f"{dataset.name}.{name}" for name in names] if sound else []


def _amounts(table: pa.Table, borders: Moments) -> list[Floats]:
    """Of each measure (the columns after the first) what the buckets between the borders hold; 0 for those without rows."""
    starts = pc.cast(pc.cast(table.column(0), pa.timestamp("us", tz="UTC")), pa.int64()).to_numpy()
    places = np.searchsorted(borders, starts)
    there = (places < len(borders) - 1) & (borders[np.minimum(places, len(borders) - 1)] == starts)
    out = []
    for column in table.columns[1:]:
        amounts = np.zeros(len(borders) - 1)
        amounts[places[there]] = np.nan_to_num(floats(column))[there]
        out.append(amounts)
    return out
