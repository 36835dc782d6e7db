"""Which incidents of one metric stand for others: the whole for its slices, or the slice that was told before the whole.

Where a metric moves everywhere, its slices are no news beside the whole. Where one slice moves, the whole moves by as much and
is often sure of it later: who was told of the slice then, looks after it or put it off, knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lapwing.alerts.cases import Case
from lapwing.alerts.totals import numbers

MOST = 0.8
"""The part of the whole's difference that a slice which was told before has to account for, to stand for the whole."""


def folded(found: Sequence[Case]) -> dict[int, list[Case]]:
    """The incidents to show, each with those that it stands for: of its slices, of what it is a slice of, and of other
    monitors of the same. `found`: by the time they were known."""
    parts = _parts(found)
    told = _told(found, parts)
    over = {part.id: whole.id for whole in found if whole.id not in told for part in parts[whole.id]}
    over |= {number: first.id for number, first in told.items()}
    shown = {one.id: list(parts[one.id]) for one in found if one.id not in over}
    for one in found:
        if one.id in told and one not in (standing := shown[_head(one.id, over)]):
            standing.append(one)
    return shown


def wholes_of(found: Sequence[Case], number: int) -> list[Case]:
    """Those that are open and are most of what the slice of an incident is, which was told before them."""
    told = _told(found, _parts(found))
    return [one for one in found if one.end is None and one.id in told and told[one.id].id == number]


def _parts(found: Sequence[Case]) -> dict[int, list[Case]]:
    """By incident, those of its slices, and those of other monitors of the same."""
    alike: dict[tuple[str, int], list[Case]] = {}
    for one in found:
        alike.setdefault((one.judged.monitor.metric, one.episode.direction), []).append(one)
    return {whole.id: [part for part in group if whole.stands_for(part)] for group in alike.values() for whole in group}


def _told(found: Sequence[Case], parts: Mapping[int, Sequence[Case]]) -> dict[int, Case]:
    """Of the wholes that a slice stands for, which one that is."""
    return {one.id: first for one in found if (first := _told_before(one, parts[one.id])) is not None}


def _head(number: int, over: dict[int, int]) -> int:
    """The incident that stands for it in the end: from a whole it goes down to a slice that was told before, and from a slice
    up to a whole that none explains, so it never comes back."""
    while number in over:
        number = over[number]
    return number


def _told_before(whole: Case, parts: Sequence[Case]) -> Case | None:
    """The slice that people knew of before the whole, and that is most of it."""
    before = (part for part in parts if part.known_at < whole.known_at and set(whole.slice) < set(part.slice))
    return next((part for part in before if _is_most_of(part, whole)), None)


def _is_most_of(part: Case, whole: Case) -> bool:
    measured = whole.judged.measured
    if not (measured.ratio or measured.additive) or part.life.state == "retracted":
        return False
    borders = part.judged.borders
    first = int(np.searchsorted(borders, whole.start, side="right")) - 1
    last = int(np.searchsorted(borders, whole.until, side="left")) - 1
    all_of = numbers(whole.judged, whole.row, whole.episode.first, whole.last).extra * whole.episode.direction
    return numbers(part.judged, part.row, max(first, 0), last).extra * whole.episode.direction >= MOST * all_of
