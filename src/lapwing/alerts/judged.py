"""A monitor's whole history, judged: what was, what was expected, and the incidents that follow from it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.almanac import effects
from lapwing.alerts.chance import Floats
from lapwing.alerts.detect import Detection
from lapwing.alerts.history import Asking, Series, Slice, Span, series_key
from lapwing.alerts.incidents import Rules
from lapwing.alerts.inputs import Inputs
from lapwing.alerts.measured import Measured, measured
from lapwing.alerts.restart import Shift, cuts, with_shifts
from lapwing.alerts.slices import parents
from lapwing.alerts.terms import Around, Episodes, Terms, expect, raised, smallest
from lapwing.model.calendar import edges
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.monitor import Monitor
from lapwing.model.problem import Refused

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

MOST_CELLS = 50_000_000
"""Series x buckets that one monitor may watch."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Arrays are (S, T); `borders` are the T + 1 borders of the buckets, UTC microseconds. A bucket is known to people at
    `known`: its end, and the time that its data needs to be complete. Where `monitor.by` splits, the whole is watched too
    (the last series), so that what happens everywhere is told once. `cuts`: by series, the buckets from which on a level
    that people accepted is the usual one."""

    monitor: Monitor
    metric: Metric
    measured: Measured
    slices: tuple[Slice, ...]
    borders: npt.NDArray[np.int64]
    complete_after: int
    amount: Floats
    exposure: Floats
    detection: Detection
    cuts: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @cached_property
    def known(self) -> npt.NDArray[np.int64]:
        return self.borders[1:] + self.complete_after

    @cached_property
    def actual(self) -> Floats:
        return self.measured.value(self.amount, self.exposure)

    @cached_property
    def terms(self) -> Terms:
        return _terms(self.monitor, self.metric, self.measured)

    @property
    def rules(self) -> Rules:
        return self.terms.rules

    @cached_property
    def minimum(self) -> Floats:
        """The smallest difference worth telling, by bucket."""
        return smallest(self.detection, self.exposure, self.terms)

    @cached_property
    def episodes(self) -> Episodes:
        return raised(self.actual, self.exposure, self.detection, self.terms, self.cuts)

    @property
    def covered(self) -> int:
        """Until when people know the data (UTC microseconds): that of the last bucket with a value."""
        there = np.flatnonzero(np.isfinite(self.amount).any(axis=0))
        return int(self.known[there[-1]]) if len(there) else 0

    def known_buckets(self, moment: int) -> int:
        """How many buckets people knew at a moment (UTC microseconds)."""
        return int(np.searchsorted(self.known, moment, side="right"))

    def pack(self) -> bytes:
        """The arrays, to be kept."""
        found = self.detection
        arrays: Mapping[str, npt.NDArray[np.generic]] = {
            "borders": self.borders,
            "amount": self.amount,
            "exposure": self.exposure,
            "expected": found.expected,
            "lower": found.lower.astype(np.float32),
            "upper": found.upper.astype(np.float32),
            "score": found.score,
            "ready": found.ready,
            "alone": np.zeros(found.ready.shape, bool) if found.alone is None else found.alone,
        }
        out = io.BytesIO()
        slices = np.array(json.dumps(self.slices))
        np.savez_compressed(
            out,
            allow_pickle=False,
            slices=slices,
            cuts=np.array(json.dumps(list(self.cuts.items()))),
            complete_after=np.int64(self.complete_after),
            **arrays,
        )
        return out.getvalue()


def unpack(data: bytes, monitor: Monitor, dataset: Dataset, metric: Metric) -> Judged:
    """What `Judged.pack` kept."""
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        lower, upper = (kept[name].astype(np.float64) for name in ("lower", "upper"))
        return Judged(
            monitor=monitor,
            metric=metric,
            measured=measured(dataset, metric),
            slices=tuple(tuple((name, value) for name, value in one) for one in json.loads(str(kept["slices"]))),
            borders=kept["borders"],
            complete_after=int(kept["complete_after"]),
            amount=kept["amount"],
            exposure=kept["exposure"],
            detection=Detection(kept["expected"], lower, upper, kept["score"], kept["ready"], kept["alone"]),
            cuts={row: tuple(at) for row, at in json.loads(str(kept["cuts"]))},
        )


def judge(lapwing: Lapwing, monitor: Monitor, span: Span = (None, None), inputs: Inputs | None = None) -> Judged:
    """Asks for the monitor's history or a part of it (one query, and one for the whole where it is split) and judges it.
    `inputs`: what people said about it.

    Raises:
        Refused: it would watch more than can be judged at once.
    """
    dataset, metric = lapwing.project.metric(monitor.metric)
    plan = measured(dataset, metric)
    asking = Asking(lapwing=lapwing, measured=plan, zone=lapwing.project.timezone)
    series = asking.series(monitor.by, monitor.slice, monitor.grain, span)
    if monitor.by:
        series = _with_whole(series, asking.series((), monitor.slice, monitor.grain, span))
    if series.amount.size > MOST_CELLS:
        raise Refused.of(
            "too-many-series",
            f"Monitor {monitor.name} would watch {len(series.slices):,} series of {len(series.starts):,} buckets.",
            hint="Watch fewer dimensions, a slice, or a longer grain.",
        )
    borders = _borders(series.starts, monitor, lapwing.project.timezone, lapwing.project.week_start)
    complete_after = int(dataset.complete_after.total_seconds() * 1e6)
    watermark = series.data_until if series.data_until is not None else 0
    complete = borders[1:] <= watermark
    said = inputs or Inputs()
    # What happens in a maintenance window is neither judged nor learned.
    judged = complete & ~said.left_out(borders)
    values = np.where(judged, plan.value(series.amount, series.exposure), np.nan)
    zone, terms = ZoneInfo(lapwing.project.timezone), _terms(monitor, metric, plan)
    shifts = _shifts(said, series.slices, borders, complete_after)
    around = Around(
        parent=parents(series.slices),
        effects=effects(
            borders,
            monitor.grain,
            zone,
            holidays=lapwing.project.calendar,
            events=lapwing.project.events,
            slices=series.slices,
        ),
    )
    found = with_shifts(
        lambda past, exposure, rows: expect(series.starts, zone, past, exposure, terms, around.part(rows)),
        values,
        series.exposure,
        shifts,
        kind=plan.kind,
        ratio=plan.ratio,
    )
    return Judged(
        monitor=monitor,
        metric=metric,
        measured=plan,
        slices=series.slices,
        borders=borders,
        complete_after=complete_after,
        amount=np.where(complete, series.amount, np.nan),
        exposure=series.exposure,
        detection=_as_kept(found),
        cuts=cuts(shifts),
    )


def _terms(monitor: Monitor, metric: Metric, plan: Measured) -> Terms:
    return Terms(
        kind=plan.kind,
        ratio=plan.ratio,
        grain=monitor.grain,
        better=metric.shown.better,
        sensitivity=monitor.sensitivity,
        min_change=monitor.min_change,
    )


def _shifts(
    said: Inputs, slices: tuple[Slice, ...], borders: npt.NDArray[np.int64], complete_after: int
) -> dict[int, tuple[Shift, ...]]:
    """What was accepted, by series, in bucket indexes."""
    known = borders[1:] + complete_after
    rows = {series_key(within): row for row, within in enumerate(slices)}
    out: dict[int, tuple[Shift, ...]] = {}
    for one in said.accepted:
        row = rows.get(one.series)
        if row is not None and one.since >= borders[0]:
            cut = int(np.searchsorted(known, one.at, side="right"))
            since = int(np.searchsorted(borders[:-1], one.since, side="left"))
            if since < cut:
                out[row] = (*out.get(row, ()), Shift(cut, since))
    return out


def _as_kept(found: Detection) -> Detection:
    """The borders of the range in the precision they are kept in, so that what is shown is the same after a restart."""
    lower, upper = (array.astype(np.float32).astype(np.float64) for array in (found.lower, found.upper))
    return replace(found, lower=lower, upper=upper)


def _with_whole(parts: Series, whole: Series) -> Series:
    """The series of the parts, then the whole: over the whole's buckets, which are those of all parts."""
    if not len(whole.starts) or not np.array_equal(parts.starts, whole.starts):
        return parts
    return Series(
        (*parts.slices, *whole.slices),
        whole.starts,
        np.concatenate([parts.amount, whole.amount]),
        np.concatenate([parts.exposure, whole.exposure]),
        whole.data_until,
    )


def _borders(starts: npt.NDArray[np.int64], monitor: Monitor, zone: str, week_start: int) -> npt.NDArray[np.int64]:
    if not len(starts):
        return np.zeros(1, np.int64)
    return edges(monitor.grain, zone, int(starts[0]), int(starts[-1]) + 1, week_start)
