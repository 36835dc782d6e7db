"""When people's clocks change, is a series an hour early or late from then on? Each one tells by itself, within hours.

Seasons go by slots of UTC. Where the clocks of some people change, the next days are expected in between what each slot
showed so far and what its neighbour did: `share` of the way. It begins as people of the project's own zone would have it, and
is fitted by what is seen (least squares); the range covers the doubt that is left, and no profile learns. After that the
profiles are moved over, by as much as was seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats, Kind, Range, residual
from lapwing.alerts.online.constants import (
    CLOCK_CLEAR,
    CLOCK_CLIP,
    CLOCK_FORGETS,
    CLOCK_MIXED,
    CLOCK_NOISE,
    CLOCK_PRIOR,
)
from lapwing.alerts.online.memory import Memory

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Clocks:
    """Changes of clocks over T buckets. `shift` (T,): by how many slots behaviour comes early since a change that is still
    looked at, 0 where none is. `home` (T,): the share of it that is believed in before any is seen. `begins` and `ends` (T,):
    the first and last buckets of such stretches. `around` (P,): slots of each profile."""

    shift: Places
    home: Floats
    begins: Bools
    ends: Bools
    around: Places


def share(seen: Floats, home: float) -> tuple[Floats, Floats]:
    """How much of a change a series takes part in, and the standard deviation of that, from what was seen of it: `seen`
    (2, S), see `Memory.clock`."""
    prior = (CLOCK_NOISE / CLOCK_PRIOR) ** 2
    found: Floats = np.clip((seen[1] + prior * home) / (seen[0] + prior), 0.0, 1.0)
    return found, np.hypot(CLOCK_NOISE / np.sqrt(seen[0] + prior), CLOCK_MIXED * _mixed(found))


def _mixed(found: Floats) -> Floats:
    """1 where half of a series goes along, 0 where all or none of it does."""
    return 4 * found * (1 - found)


def look(kind: Kind, seen: Floats, where: Range, early: Floats, amount: Floats) -> None:
    """Takes a bucket in, into `seen`: `where` it would lie if no clock had changed, and the mean if it had."""
    scale = np.where(early > where.mean, where.up, where.down)
    apart = residual(kind, where, early) / scale
    off = residual(kind, where, amount) / scale
    off = np.clip(off, np.minimum(apart, 0.0) - CLOCK_CLIP, np.maximum(apart, 0.0) + CLOCK_CLIP)
    seen += np.where(np.isfinite(off) & np.isfinite(apart), (apart * apart, apart * off), 0.0)


def settle(memory: Memory, clocks: Clocks, at: int) -> None:
    """Moves the profiles over: not at all or fully, unless what was seen is clearly in between."""
    home, shift = float(clocks.home[at]), int(clocks.shift[at])
    found, doubt = share(memory.clock, home)
    near = CLOCK_CLEAR * doubt
    for pole in (1 - home, home):
        found = np.where(np.abs(found - pole) <= near, pole, found)
    if not found.any():
        return
    for place, slots in enumerate(clocks.around.tolist()):
        _move(memory.sums[:, place, :slots], shift, found)
    memory.sums *= 1 - CLOCK_FORGETS * _mixed(found)
    _move(memory.seen[None, : clocks.around[0]], shift, found)
    _move(memory.last[None, : clocks.around[0]], shift, found)


def _move(rows: Floats, shift: int, found: Floats) -> None:
    """(any, N, S), in place."""
    rows += found * (np.roll(rows, -shift, axis=1) - rows)
