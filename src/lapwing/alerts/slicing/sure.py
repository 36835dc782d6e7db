"""A slice that surely changed and has most of the change, where dealing the evidence to the leaves anew can show nothing: they
are few, or nearly all of them moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lapwing.alerts.slicing.answer import Answer
from lapwing.alerts.slicing.constants import BOUND
from lapwing.alerts.slicing.search import chance_bound

MOST, SURPRISE = 0.6, 0.25
"""Of such a slice: its part of the change at least, and how much more that is than its part of the whole. So it is three
quarters of the whole at most; where all of it moves, a slice has no more of the change than of the whole."""


def sure(slices: Iterable[tuple[float, float | None, float]], searched: int) -> tuple[int, float] | None:
    """The place of the first that is one, of slices with their evidence (nats), share of the change and size, and a bound on its
    chance over all that were `searched`."""
    for place, (score, share, size) in enumerate(slices):
        bound, had = chance_bound(searched, score), share or 0.0
        if bound <= BOUND and had >= MOST and had - size >= SURPRISE:
            return place, bound
    return None


def with_sure(answer: Answer) -> Answer:
    """An answer that names such a slice where no cause is clear; its `p` is the bound then."""
    if answer.clear:
        return answer
    found = sure(((one.score, one.share, one.size) for one in answer.causes), answer.searched)
    if found is None:
        return answer
    place, bound = found
    rest = [replace(one, chosen=False) for one in answer.causes]
    first = replace(rest.pop(place), chosen=True, p=bound)
    return replace(answer, clear=True, p=bound, causes=(first, *rest))
