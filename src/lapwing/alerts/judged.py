"""A monitor's whole history, judged: what was, what was expected, and the incidents that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.almanac import effects
from lapwing.alerts.bar import Bar, Shares
from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.checkpoints import MOST_BYTES, wanted
from lapwing.alerts.converting import waits
from lapwing.alerts.detect import Detection
from lapwing.alerts.ended import Ends
from lapwing.alerts.episode import Rules
from lapwing.alerts.history import Asking, Series, Slice, Span, series_key
from lapwing.alerts.incidents import Before, Episodes
from lapwing.alerts.inputs import Inputs
from lapwing.alerts.measured import Measured, measured
from lapwing.alerts.online.memory import Memory
from lapwing.alerts.restart import Shift, cuts, with_shifts
from lapwing.alerts.resume import Past, Trail, first, read_since, reread, same_as_before, to_go_on
from lapwing.alerts.season import tuning
from lapwing.alerts.slices import parents
from lapwing.alerts.sweep.swept import Swept
from lapwing.alerts.terms import Around, Terms, go_on, raised, remembered, smallest
from lapwing.alerts.votes import Vote
from lapwing.cache.holdings import Holdings
from lapwing.model.calendar import edges
from lapwing.model.dataset import Metric
from lapwing.model.expression import measures
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
    that people accepted is the usual one. `before`: incidents that were found earlier; `trail`: what a later judging needs to
    go on from this one. Where every slice is watched, `swept` tells of how many, and series are those that the full model
    looked at: `many` (S, T) is among how many each is one, infinite in buckets that it was not flagged in, nan in those that
    another series explains; `watching` (T,) is how many slices were watched. The two are not kept: incidents are. `votes` on its
    incidents, and its `shares` of a budget, decide how much evidence opens one; of every slice, the budget is in `many`."""

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
    before: Before | None = None
    trail: Trail | None = None
    many: Floats | None = None
    watching: npt.NDArray[np.int64] | None = None
    swept: Swept | None = None
    votes: tuple[Vote, ...] = ()
    shares: Shares = ()

    @cached_property
    def known(self) -> npt.NDArray[np.int64]:
        return self.borders[1:] + self.complete_after

    @cached_property
    def actual(self) -> Floats:
        return self.measured.value(self.amount, self.exposure)

    @cached_property
    def terms(self) -> Terms:
        return terms_of(self.monitor, self.metric, self.measured)

    @property
    def rules(self) -> Rules:
        return self.terms.rules

    @cached_property
    def minimum(self) -> Floats:
        """The smallest difference worth telling, by bucket."""
        return smallest(self.detection, self.exposure, self.terms)

    @cached_property
    def episodes(self) -> Episodes:
        return raised(
            self.actual,
            self.exposure,
            self.detection,
            self.terms,
            self.cuts,
            self.before,
            self.many,
            self.bar,
            self.ends,
        )

    @property
    def ends(self) -> Ends:
        """Which series ended: those of which there are no rows any more; where rows are not counted, nothing of the amount."""
        complete = np.isfinite(self.amount).any(axis=0)
        counted = self.measured.exposure is not None
        volume = self.exposure if counted else self.amount if self.measured.additive else np.isfinite(self.amount)
        volume = np.where(complete, np.nan_to_num(volume), np.nan)
        return Ends(volume, parents(self.slices), tuning(self.monitor.grain).day)

    @property
    def bar(self) -> Bar | None:
        """What evidence is needed; None: the sensitivity says it all."""
        # Over every slice it was held already: what it left out is one among infinitely many.
        shares = self.shares if self.swept is None else ()
        if not self.votes and not shares:
            return None
        return Bar(
            series=tuple(map(series_key, self.slices)),
            parts=parents(self.slices) >= 0,
            borders=self.borders,
            known=self.known,
            votes=self.votes,
            shares=shares,
        )

    @property
    def watched(self) -> int:
        """How many series are watched."""
        return len(self.slices) if self.swept is None else self.swept.watched

    def begins(self, series: str) -> int:
        """Since when a series (its key) can be judged (UTC microseconds), one that is no longer there as the whole."""
        rows = {series_key(within): row for row, within in enumerate(self.slices)}
        ready = self.detection.ready[rows.get(series, len(self.slices) - 1)] if rows else np.zeros(0, bool)
        return int(self.borders[ready.argmax()]) if ready.any() else 1 << 62

    @property
    def covered(self) -> int:
        """Until when people know the data (UTC microseconds): that of the last bucket with a value."""
        there = np.flatnonzero(np.isfinite(self.amount).any(axis=0))
        return int(self.known[there[-1]]) if len(there) else 0

    def known_buckets(self, moment: int) -> int:
        """How many buckets people knew at a moment (UTC microseconds)."""
        return int(np.searchsorted(self.known, moment, side="right"))


def judge(
    lapwing: Lapwing,
    monitor: Monitor,
    span: Span = (None, None),
    inputs: Inputs | None = None,
    past: Past | None = None,
) -> Judged:
    """Asks for the monitor's history or a part of it (one query, and one for the whole where it is split) and judges it.
    `inputs`: what people said about it. `past`: what was judged before, of the same definition; then only what may differ
    is asked for, and only what differs is judged.

    Raises:
        Refused: it would watch more than can be judged at once.
    """
    dataset, metric = lapwing.project.metric(monitor.metric)
    asking = Asking(lapwing=lapwing, measured=measured(dataset, metric), zone=lapwing.project.timezone)
    holdings = lapwing.cache.holdings(dataset.name)  # first: what comes in while we read is read again
    sure = None if past is None else read_since(past, holdings)
    series = None if past is None or sure is None else reread(asking, past, sure)
    series = series or asking.history(monitor.by, monitor.slice, monitor.grain, span)
    if series.amount.size > MOST_CELLS:
        raise Refused.of(
            "too-many-series",
            f"Monitor {monitor.name} would watch {len(series.slices):,} series of {len(series.starts):,} buckets.",
            hint="Watch fewer dimensions, a slice, or a longer grain.",
        )
    return judge_series(lapwing, monitor, series, inputs or Inputs(), holdings, past)


def judge_series(
    lapwing: Lapwing,
    monitor: Monitor,
    series: Series,
    said: Inputs,
    holdings: Holdings | None = None,
    past: Past | None = None,
) -> Judged:
    """Judges what was measured already. `holdings`: what rollups held when it was; see `judge`."""
    project = lapwing.project
    dataset, metric = project.metric(monitor.metric)
    plan = measured(dataset, metric)
    borders = borders_of(series.starts, monitor, project.timezone, project.week_start)
    complete_after = int(dataset.complete_after.total_seconds() * 1e6)
    if said.complete is not None:
        complete_after = said.complete.after
    complete_after += waits(project, metric)
    complete, counted = complete_and_counted(series, borders, said)
    values = np.where(counted, plan.value(series.amount, series.exposure), np.nan)
    amount = np.where(complete, series.amount, np.nan)
    zone, terms = ZoneInfo(project.timezone), terms_of(monitor, metric, plan)
    shifts = _shifts(said, series.slices, borders, complete_after)
    around = Around(
        parent=parents(series.slices),
        effects=effects(
            borders,
            monitor.grain,
            zone,
            holidays=project.calendar,
            events=project.events,
            slices=series.slices,
            known=() if past is None else past.trail.effects,
        ),
    )
    same = 0 if past is None else same_as_before(past, series, values, borders, amount)
    before = None if past is None else to_go_on(past, same, shifts)
    firm = all(ref.dataset == dataset.name for ref in measures(metric.expression))
    room = remembered(series.starts, zone, len(series.slices), terms, around).room
    sure = first(~complete)
    keep = wanted(sure, max(MOST_BYTES // max(room, 1), 1))
    known = -1 if before is None else before[0].checkpoint.buckets

    def expect(
        values: Floats, exposure: Floats, rows: slice, since: int = 0, memory: Memory | None = None
    ) -> tuple[Detection, Mapping[int, Memory]]:
        some = around.part(rows)
        kept = {at for at in keep if at > known} if holdings is not None else ()
        return go_on(series.starts, zone, values, exposure, terms, some, since, memory, kept)

    found, made = with_shifts(
        expect,
        values,
        series.exposure,
        shifts,
        kind=plan.kind,
        ratio=plan.ratio,
        before=None if before is None else before[0],
    )
    return Judged(
        monitor=monitor,
        metric=metric,
        measured=plan,
        slices=series.slices,
        borders=borders,
        complete_after=complete_after,
        amount=amount,
        exposure=series.exposure,
        detection=_as_kept(found),
        cuts=cuts(shifts),
        before=None if before is None else before[1],
        trail=None
        if holdings is None
        else Trail(
            complete=complete,
            counted=counted,
            firm=series.firm if firm else 0,
            holdings=holdings,
            shifts=shifts,
            effects=() if around.effects is None else around.effects.names,
            same=0 if before is None else same,
            made=made,
            wanted=keep,
        ),
    )


def complete_and_counted(series: Series, borders: npt.NDArray[np.int64], said: Inputs) -> tuple[Bools, Bools]:
    """Which buckets are complete, and which of these count: what happens in a maintenance window is neither judged nor
    learned."""
    watermark = series.data_until if series.data_until is not None else 0
    complete = borders[1:] <= (watermark if said.complete is None else min(watermark, said.complete.until))
    return complete, complete & ~said.left_out(borders)


def terms_of(monitor: Monitor, metric: Metric, plan: Measured) -> Terms:
    """By which terms a monitor's series are judged."""
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
            if since < cut < len(borders) - 1:  # else nothing comes after it yet
                out[row] = tuple(sorted((*out.get(row, ()), Shift(cut, since))))
    return out


def _as_kept(found: Detection) -> Detection:
    """The borders of the range in the precision they are kept in, so that what is shown is the same after a restart."""
    lower, upper = (array.astype(np.float32).astype(np.float64) for array in (found.lower, found.upper))
    return replace(found, lower=lower, upper=upper)


def borders_of(starts: npt.NDArray[np.int64], monitor: Monitor, zone: str, week_start: int) -> npt.NDArray[np.int64]:
    """The borders of buckets that start at `starts`."""
    if not len(starts):
        return np.zeros(1, np.int64)
    return edges(monitor.grain, zone, int(starts[0]), int(starts[-1]) + 1, week_start)
