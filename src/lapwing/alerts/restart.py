"""The new normal: the baseline of a series restarts at a shift that people accepted.

The past before the shift is brought to the new level, and judging goes on from there as if it had always been so. What a
series knows of its seasons is kept; restarting without a past would leave it unwatched for weeks. What was judged before
the moment of accepting stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.detect import Detection


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """In bucket indexes: accepted between the buckets `cut - 1` and `cut`, the level since bucket `since`."""

    cut: int
    since: int


def with_shifts(
    expect: Callable[[Floats, Floats, slice], Detection],
    values: Floats,
    exposure: Floats,
    shifts: Mapping[int, tuple[Shift, ...]],
    *,
    kind: Kind,
    ratio: bool,
) -> Detection:
    """What `expect` says of values and exposures (S, T) and which series they are; of the series (rows) in `shifts` what
    comes after each cut is judged by the new level. `ratio`: values are amounts by exposure."""
    found = expect(values, exposure, slice(0, len(values)))
    if not shifts:
        return found
    arrays = {name: getattr(found, name).copy() for name in Detection.__slots__}
    for row, of_row in shifts.items():
        past, weight = values[row].copy(), exposure[row]
        for shift in sorted(of_row):
            past = _brought(past, arrays["expected"][row], weight if ratio else None, shift, kind)
            again = expect(past[None], weight[None], slice(row, row + 1))
            for name, array in arrays.items():
                array[row, shift.cut :] = getattr(again, name)[0, shift.cut :]
    return Detection(**arrays)


def _brought(past: Floats, expected: Floats, weight: Floats | None, shift: Shift, kind: Kind) -> Floats:
    """The values with those before the shift at the level since then."""
    part = slice(shift.since, shift.cut)
    here = np.isfinite(past[part]) & np.isfinite(expected[part])
    out = past.copy()
    before = slice(0, shift.since)
    if not here.any():
        return out
    weights = np.ones(here.sum()) if weight is None else weight[part][here]
    actual, usual = (float((array[part][here] * weights).sum()) for array in (past, expected))
    if kind is Kind.LEVEL:
        out[before] += (actual - usual) / float(weights.sum())
    elif usual > 0 and actual >= 0:
        out[before] *= actual / usual
    else:
        out[before] = np.nan  # there was nothing, or less: no factor leads from there to here
    return np.minimum(out, 1.0) if kind is Kind.SHARE else out


def cuts(shifts: Mapping[int, tuple[Shift, ...]]) -> dict[int, tuple[int, ...]]:
    """Where the incidents of each row can't go on."""
    return {row: tuple(sorted(shift.cut for shift in of_row)) for row, of_row in shifts.items()}
