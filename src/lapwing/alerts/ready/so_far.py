"""Buckets that are not complete yet, judged at equal age: incidents of their own, never mixed with those of complete ones.

Each is told once. When its bucket is complete, it is confirmed by the incident of the complete bucket, or retracted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lapwing.alerts.cases import Known
from lapwing.alerts.history import Asking, series_key
from lapwing.alerts.inputs import Inputs, Window
from lapwing.alerts.journal import Journal
from lapwing.alerts.judged import Judged
from lapwing.alerts.life import life
from lapwing.alerts.ready.constants import LEAST_SHARE, MARGIN
from lapwing.alerts.ready.equal_age import SoFar, Whole, amounts, ratios
from lapwing.alerts.ready.readiness import DAILY, HOURLY, Feed, Readiness, parts
from lapwing.alerts.record import Happened, Record
from lapwing.alerts.recorded import Recorded
from lapwing.alerts.telling import about_metric
from lapwing.alerts.ways import HYSTERESIS
from lapwing.alerts.words import number, share
from lapwing.model.calendar import to_us
from lapwing.model.dataset import Dataset
from lapwing.model.monitor import Monitor

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

PREFIX = "so_far:"
"""How names of these begin; a monitor's can't."""


@dataclass(frozen=True, slots=True)
class Young:
    """A bucket of a judged monitor's whole (`row`) that is not complete, and how it stands."""

    judged: Judged
    row: int
    bucket: int
    found: SoFar

    @property
    def start(self) -> int:
        return int(self.judged.borders[self.bucket])

    @property
    def direction(self) -> int:
        return 1 if self.found.score > 0 else -1

    @property
    def alarming(self) -> bool:
        """Unusual and large enough, where it hurts."""
        rules, found = self.judged.rules, self.found
        least = float(self.judged.minimum[self.row, self.bucket])
        least = least * found.share if self.judged.measured.additive else least
        hurts = rules.direction in (0, self.direction)
        return hurts and abs(found.score) >= rules.threshold + MARGIN and abs(found.actual - found.expected) >= least


class SoFarKeeper:
    """Safe to use from several threads."""

    def __init__(
        self,
        lapwing: Lapwing,
        journal: Journal,
        readiness: Readiness,
        windows: Callable[[Monitor], tuple[Window, ...]],
    ) -> None:
        """`windows`: the maintenance of a monitor."""
        self._windows = windows
        self._lapwing = lapwing
        self._journal = journal
        self._readiness = readiness
        self._lock = threading.RLock()
        self._young: dict[tuple[str, int], Young] = {}
        self._recorded = Recorded(journal, PREFIX)

    def look(self, known: Sequence[Known], doubtful: frozenset[str]) -> None:
        """Judges what is not complete, and brings what was told of it to its end. Of datasets that are `doubtful` nothing new
        is told: what is not there is known to be missing."""
        now = to_us(self._lapwing.now())
        with self._lock:
            for one in known:
                young = {each.bucket: each for each in self._of(one.judged, now)}
                name = one.judged.monitor.name
                mine = [record for record in self.records() if record.monitor == PREFIX + name]
                told = {record.key[2] for record in mine}
                # Each holds a whole judging: those of buckets that nobody was told of go with the next look.
                old = {at: each for at, each in self._young.items() if at[0] != name or at[1] in told}
                self._young = old | {(name, each.start): each for each in young.values()}
                for record in mine:
                    self._follow(record, one, young, now)
                if one.judged.monitor.dataset in doubtful:
                    continue
                keys = {record.key[1:] for record in mine}
                for each in young.values():
                    if each.alarming and (each.direction, each.start) not in keys and not _told(one, each):
                        self._open(each, now)

    def _of(self, judged: Judged, now: int) -> Iterator[Young]:
        """The buckets that are not complete, of the monitor's whole."""
        monitor, plan = judged.monitor, judged.measured
        project = self._lapwing.project
        dataset = project.datasets[monitor.dataset]
        measures = parts(dataset, plan)
        row = next((row for row, within in enumerate(judged.slices) if not within), None)
        if row is None or not measures or monitor.grain not in (HOURLY, DAILY):
            return
        complete = np.flatnonzero(np.isfinite(judged.amount[row]))
        first = int(complete[-1]) + 1 if len(complete) else len(judged.borders)
        at = self._as_of(dataset, now)
        if at is None or first >= len(judged.borders) - 1:
            return
        asking = Asking(lapwing=self._lapwing, measured=plan, zone=project.timezone)
        series = asking.series((), (), monitor.grain, (int(judged.borders[first]), int(judged.borders[-1])))
        if not len(series.starts):
            return
        values = plan.value(series.amount, series.exposure)[0]
        left_out = Inputs(self._windows(monitor)).left_out(judged.borders)
        curves = [self._readiness.curve(Feed(dataset.name, name, monitor.grain)) for name in measures]
        for start, value in zip(series.starts.tolist(), values.tolist(), strict=True):
            bucket = int(np.searchsorted(judged.borders, start))
            if (
                bucket >= judged.detection.expected.shape[1]
                or not judged.detection.ready[row, bucket]
                or left_out[bucket]
            ):
                continue
            age = at - int(judged.borders[bucket + 1])
            shares = [None if curve is None else curve.at(age) for curve in curves]
            if any(one is None or one.middle < LEAST_SHARE for one in shares):
                continue
            expected, lower, upper = (
                float(of[row, bucket])
                for of in (judged.detection.expected, judged.detection.lower, judged.detection.upper)
            )
            whole = Whole(expected, lower, upper, monitor.sensitivity)
            known = [one for one in shares if one is not None]
            found = ratios(value, whole, known[0], known[1]) if plan.ratio else amounts(value, whole, known[0])
            if found is not None:
                yield Young(judged, row, bucket, found)

    def _as_of(self, dataset: Dataset, now: int) -> int | None:
        """Of which moment what is there is: where builds are behind, it is as old as they are."""
        known = self._lapwing.cache.as_of([f"{dataset.name}.{name}" for name in dataset.rollups]).values()
        found = [int(one * 1e6) for one in known if one is not None]
        return min(now, *found) if found else None

    def _follow(self, record: Record, known: Known, young: dict[int, Young], now: int) -> None:
        """What became of what was told."""
        if not life(record.lines).open:
            return
        judged, (_, direction, start) = known.judged, record.key
        bucket = int(np.searchsorted(judged.borders, start))
        row = next((row for row, within in enumerate(judged.slices) if not within), None)
        if row is None or bucket >= judged.amount.shape[1]:
            return
        if np.isfinite(judged.amount[row, bucket]):
            outside = any(
                one.direction == direction and one.first <= bucket <= max(one.last, one.opened)
                for one in judged.episodes[row]
            )
            if outside:
                self._write(record, "closed", now, {"reason": "confirmed"})
            else:
                self._write(record, "retracted", now, {"reason": "complete"})
            return
        still = young.get(bucket)
        if still is not None and still.found.score * direction < judged.rules.threshold * HYSTERESIS:
            self._write(record, "retracted", now, {"reason": "arrived"})

    def _write(self, record: Record, kind: str, now: int, data: dict[str, Any]) -> None:
        number = max(line.number for line in record.lines) + 1
        line = Happened(number=number, kind=kind, at=now, recorded=now, data=data)
        self._journal.tell(record.monitor, record.key, record.about, [line])

    def _open(self, one: Young, now: int) -> None:
        judged, found = one.judged, one.found
        shown = judged.metric.shown
        actual, expected, lower, upper = (
            number(value, shown.format, shown.unit)
            for value in (found.actual, found.expected, found.lower, found.upper)
        )
        whole = f" {share(found.share)} of it is usually in by now." if judged.measured.additive else ""
        data = {
            "says": f"So far {actual}, {expected} is usual at this age ({lower} to {upper}).{whole}",
            "actual": found.actual,
            "expected": found.expected,
            "lower": found.lower,
            "upper": found.upper,
            "difference": found.actual - found.expected,
            "first": one.start,
            "until": now,
        }
        about = {"kind": "so_far", **about_metric(judged)}
        line = Happened(number=1, kind="opened", at=now, recorded=now, bucket=one.start, data=data)
        key = (series_key(()), one.direction, one.start)
        self._journal.tell(PREFIX + judged.monitor.name, key, about, [line])

    def records(self) -> tuple[Record, ...]:
        """All of them, in order of their ids."""
        with self._lock:
            return self._recorded.records()

    def young(self, record: Record) -> Young | None:
        """How the bucket that a record is of stood at the last look."""
        return self._young.get((record.monitor.removeprefix(PREFIX), record.key[2]))


def _told(known: Known, one: Young) -> bool:
    """The metric is in an open incident already, the same way."""
    key = series_key(one.judged.slices[one.row])
    return any(record.key[:2] == (key, one.direction) and life(record.lines).open for record in known.records.values())
