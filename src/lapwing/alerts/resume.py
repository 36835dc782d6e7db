"""Going on from an earlier judging: only what may differ is read again, and only what does differ is judged again.

What an earlier judging kept is as good as what a full one would find, to the last bit: the model's outputs follow from the
buckets before, so up to the first bucket that differs they are the same, and from the last checkpoint before it on the
model goes on from what it remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.history import Asking, Series
from lapwing.alerts.incidents import Before
from lapwing.alerts.restart import Checkpoint, Judging, Shift, goes_on
from lapwing.cache.holdings import Holdings, same_until
from lapwing.model.calendar import edges

if TYPE_CHECKING:
    from lapwing.alerts.judged import Judged
    from lapwing.alerts.sweep.kept import Remembered, Remembering

Moments = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trail:
    """What a judging leaves for the next one.

    `complete` and `counted` (T,): buckets that were complete, and of these those that were judged. `firm`: the moment (UTC
    microseconds) before which rollups alone answered, and held what `holdings` says. `shifts`: by row, accepted levels that
    some bucket was judged by. `effects`: the names of the calendar's effects, in the order of the memory. `same`: how many
    of the first buckets were the same as before. `made`: the checkpoints of this judging, until they are kept elsewhere;
    `wanted`: after how many buckets there should be one. `screen`: the same of the first look at every slice."""

    complete: Bools
    counted: Bools
    firm: int
    holdings: Holdings
    shifts: Mapping[int, tuple[Shift, ...]] = field(default_factory=dict)
    effects: tuple[str, ...] = ()
    same: int = 0
    made: dict[int, Checkpoint] = field(default_factory=dict)
    wanted: frozenset[int] = frozenset()
    screen: Remembering | None = None

    def forget_made(self) -> None:
        """Once it is kept elsewhere."""
        self.made.clear()
        if self.screen is not None:
            self.screen.made.clear()


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What was judged, with the trail that it left. `checkpoint` gives the last one kept that is not after so many
    buckets; None where there is none that can be read. `screen`: what the first look at every slice remembered."""

    judged: Judged
    trail: Trail
    checkpoint: Callable[[int], Checkpoint | None]
    screen: Remembered | None = None


def read_since(past: Past, now: Holdings) -> int | None:
    """Before which bucket all that would be read is what was read before; None: nothing is sure to be."""
    trail, borders = past.trail, past.judged.borders
    until = same_until(trail.holdings, now)
    if until is None:
        return None
    sure = int(np.searchsorted(borders[1:], min(until, trail.firm), side="right"))
    sure = min(sure, first(~trail.complete), len(borders) - 2)  # there is always something to read
    return sure if sure > 0 else None


def reread(asking: Asking, past: Past, sure: int) -> Series | None:
    """The whole history, of which the first `sure` buckets are taken from before; None: it has to be read whole, since there
    are other series now, or it is not known what a series without rows has."""
    judged = past.judged
    monitor, start = judged.monitor, int(judged.borders[sure])
    read = asking.history(monitor.by, monitor.slice, monitor.grain, (start, None))
    if not len(read.starts) or read.starts[0] != start:
        return None
    arrays = _aligned(asking, judged, read)
    if arrays is None:
        return None
    amount, exposure = arrays
    return Series(
        judged.slices,
        np.concatenate([judged.borders[:sure], read.starts]),
        np.concatenate([judged.amount[:, :sure], amount], axis=1),
        np.concatenate([judged.exposure[:, :sure], exposure], axis=1),
        read.data_until,
        read.firm,
    )


def _aligned(asking: Asking, judged: Judged, read: Series) -> tuple[Floats, Floats] | None:
    """What was read, in the order of the series known; what those without rows have."""
    monitor, slices = judged.monitor, judged.slices
    places = {within: place for place, within in enumerate(slices)}
    rows = [places[within] for within in read.slices if within in places]
    whole_is_missing = bool(monitor.by) and monitor.slice in places and monitor.slice not in read.slices
    if len(rows) < len(read.slices) or whole_is_missing:
        return None
    shape = len(slices), len(read.starts)
    amount, exposure = np.empty(shape), np.empty(shape)
    if len(rows) < len(slices):
        blank = asking.blank()
        if blank is None:
            return None
        week = asking.lapwing.project.week_start
        ends = edges(monitor.grain, asking.zone, int(read.starts[0]), int(read.starts[-1]) + 1, week)[1:]
        complete = ends <= (read.data_until or 0)
        amount[:] = np.where(complete, blank[0], np.nan)
        exposure[:] = 1.0 if asking.measured.exposure is None else np.where(complete, blank[1], np.nan)
    amount[rows], exposure[rows] = read.amount, read.exposure
    return amount, exposure


def same_as_before(past: Past, series: Series, values: Floats, borders: Moments, amount: Floats) -> int:
    """How many of the first buckets are as they were judged before. `values` (S, T) are those to judge, `amount` what is
    kept."""
    judged = past.judged
    buckets = min(len(series.starts), len(judged.borders) - 1)
    if series.slices != judged.slices or not np.array_equal(borders[: buckets + 1], judged.borders[: buckets + 1]):
        return 0
    before = np.where(past.trail.counted, judged.actual, np.nan)
    pairs = ((values, before), (amount, judged.amount), (series.exposure, judged.exposure))
    differs = np.zeros(buckets, bool)
    for now, then in pairs:
        new, old = now[:, :buckets], then[:, :buckets]
        differs |= ((new != old) & ~(np.isnan(new) & np.isnan(old))).any(axis=0)
    return first(differs)


def to_go_on(past: Past, same: int, shifts: Mapping[int, tuple[Shift, ...]]) -> tuple[Judging, Before] | None:
    """What was judged of the first `same` buckets, as far as a checkpoint reaches, and the incidents in them; None: all
    has to be judged."""
    checkpoint = past.checkpoint(same) if same and goes_on(past.trail.shifts, shifts) else None
    if checkpoint is None:
        return None
    since = np.full(len(past.judged.slices), same)
    for row in shifts:
        if shifts[row] != past.trail.shifts.get(row):
            since[row] = 0
    return Judging(past.judged.detection, checkpoint), Before(past.judged.episodes, since)


def first(mask: Bools) -> int:
    """Where the first one is; behind the last where there is none."""
    return int(np.argmax(mask)) if mask.any() else len(mask)
