"""The new normal: the baseline of a series restarts at a shift that people accepted.

The past before the shift is brought to the new level, and judging goes on from there as if it had always been so. What a
series knows of its seasons is kept; restarting without a past would leave it unwatched for weeks. What was judged before
the moment of accepting stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.detect import Detection
from lapwing.alerts.online.memory import Memory


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """In bucket indexes: accepted between the buckets `cut - 1` and `cut`, the level since bucket `since`."""

    cut: int
    since: int


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """What the model remembered after `buckets` buckets: of the `whole`, and of series (rows) whose new level was accepted,
    as judged by that level, with the shifts that it is of."""

    buckets: int
    whole: Memory
    shifted: Mapping[int, tuple[tuple[Shift, ...], Memory]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Judging:
    """What is to be gone on from: what was said of the buckets up to a checkpoint."""

    detection: Detection
    checkpoint: Checkpoint


class Expect(Protocol):
    """What is said of values and exposures (S, T) of some series (rows), from the bucket `since` on by what is remembered
    of those before, and what is remembered after some buckets."""

    def __call__(
        self, values: Floats, exposure: Floats, rows: slice, since: int = 0, memory: Memory | None = None, /
    ) -> tuple[Detection, Mapping[int, Memory]]: ...


def with_shifts(
    expect: Expect,
    values: Floats,
    exposure: Floats,
    shifts: Mapping[int, tuple[Shift, ...]],
    *,
    kind: Kind,
    ratio: bool,
    before: Judging | None = None,
) -> tuple[Detection, dict[int, Checkpoint]]:
    """What `expect` says of values and exposures (S, T) and which series they are; of the series (rows) in `shifts` what
    comes after each cut is judged by the new level. `ratio`: values are amounts by exposure. `before`: what was judged
    earlier of the same values and (see `goes_on`) shifts, to be gone on from."""
    since = 0 if before is None else before.checkpoint.buckets
    found, memories = expect(
        values, exposure, slice(0, len(values)), since, None if before is None else before.checkpoint.whole
    )
    if before is not None:
        found = _joined(before.detection, found, since)
    shifted: dict[int, tuple[tuple[Shift, ...], Mapping[int, Memory]]] = {}
    arrays = {name: getattr(found, name).copy() for name in Detection.__slots__} if shifts else {}
    for row, of_row in shifts.items():
        chain = tuple(sorted(of_row))
        known = None if before is None else before.checkpoint.shifted.get(row)
        resumed = None if known is None or known[0] != chain else known[1]
        past, weight = values[row].copy(), exposure[row]
        for shift in chain:
            past = _brought(past, arrays["expected"][row], weight if ratio else None, shift, kind)
            if resumed is not None and shift is not chain[-1]:
                continue  # said before
            first = 0 if resumed is None else since
            again, kept = expect(past[None], weight[None], slice(row, row + 1), first, resumed)
            start = max(shift.cut, first)
            for name, array in arrays.items():
                array[row, start:] = getattr(again, name)[0, start - first :]
            shifted[row] = chain, kept
    made = {at: Checkpoint(at, memory, _at(at, shifted)) for at, memory in memories.items()}
    return (Detection(**arrays) if shifts else found), made


def goes_on(before: Mapping[int, tuple[Shift, ...]], now: Mapping[int, tuple[Shift, ...]]) -> bool:
    """Whether what was judged by some shifts can be gone on from with others: none was taken back."""
    return all(now.get(row, ())[: len(chain)] == chain for row, chain in before.items())


def _at(
    at: int, shifted: Mapping[int, tuple[tuple[Shift, ...], Mapping[int, Memory]]]
) -> dict[int, tuple[tuple[Shift, ...], Memory]]:
    """What is remembered of shifted series at a checkpoint: of those whose last shift is over by then."""
    return {row: (chain, kept[at]) for row, (chain, kept) in shifted.items() if at in kept and at >= chain[-1].cut}


def _joined(before: Detection, after: Detection, since: int) -> Detection:
    """What was said of the first buckets, and then of the others."""
    both = ((getattr(before, name), getattr(after, name)) for name in Detection.__slots__)
    return Detection(*(np.concatenate([old[:, :since], new], axis=1) for old, new in both))


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
