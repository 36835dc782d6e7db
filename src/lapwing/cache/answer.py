"""What the cache says to a request: states with how they came about, or why no rollup fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lapwing.cache.frame import StateFrame
from lapwing.model.receipt import Considered, Piece


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answered:
    """`data_until`: all data before this moment (UTC microseconds) is in the frame; None where there is no data at all.
    `missing`: half-open stretches of the asked time that are not complete yet; then the answer is partial. `stale`: those
    for which the source is known to have what the frame has not.
    `milliseconds`: what reading and merging took, without finding out what to read."""

    frame: StateFrame
    considered: Sequence[Considered]
    pieces: tuple[Piece, ...]
    data_until: int | None
    missing: tuple[tuple[int, int], ...]
    milliseconds: float
    stale: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """No rollup can answer; `considered` says why of each."""

    considered: Sequence[Considered]


def missing(start: int, end: int, until: int | None) -> tuple[tuple[int, int], ...]:
    """The part of `[start, end)` from `until` on; all of it where nothing is known."""
    since = start if until is None else max(start, until)
    return ((since, end),) if since < end else ()
