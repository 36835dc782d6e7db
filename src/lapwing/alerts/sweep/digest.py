"""What a bucket held, in eight bytes: enough to tell later whether it is still the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lapwing.alerts.sweep.reading import Panel

Digests = npt.NDArray[np.uint64]
_GOLDEN, _ONE, _TWO = (np.uint64(one) for one in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def digest(codes: npt.NDArray[np.int64], panel: Panel, blank: tuple[float, float]) -> Digests:
    """(T,) of what slices came to in each bucket, in whichever order they are. A slice that has no more there than one that
    does not occur (`blank`: amount and exposure) adds nothing."""
    slices = _mixed(codes.astype(np.uint64) + _GOLDEN)[:, None]
    out = np.zeros(panel.amount.shape, np.uint64)
    for number, array in enumerate((panel.amount, panel.exposure, panel.counts), 1):
        if array is not None:
            out = _mixed(
                out ^ _mixed(np.ascontiguousarray(array + 0.0).view(np.uint64) + slices * np.uint64(2 * number + 1))
            )
    total: Digests = np.where(occurs(panel, blank), out, np.uint64(0)).sum(axis=0, dtype=np.uint64)
    return total


def occurs(panel: Panel, blank: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """(S, T): where slices have more than those that do not occur."""
    there = np.zeros(panel.amount.shape, bool)
    for array, empty in ((panel.amount, blank[0]), (panel.exposure, blank[1]), (panel.counts, 0.0)):
        if array is not None:
            there |= (array != empty) & ~(np.isnan(array) & np.isnan(empty))
    return there


def _mixed(bits: Digests) -> Digests:
    """Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: each bit depends on all."""
    with np.errstate(over="ignore"):
        bits = (bits ^ (bits >> np.uint64(30))) * _ONE
        bits = (bits ^ (bits >> np.uint64(27))) * _TWO
        return bits ^ (bits >> np.uint64(31))
