"""Which incidents stand for others: the whole for its slices, and a metric for those that it is a product of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from lapwing.alerts.cases import Case
from lapwing.alerts.standing import folded
from lapwing.alerts.totals import numbers

LEAST, MOST = 0.5, 2.0
"""The part of a metric's own move (of its log) that a factor's move must be to explain it."""

Factors = Mapping[str, Mapping[str, int]]
"""Of each metric those that it is a product of, with their power (-1: divided by), by qualified names."""


def unified(found: Sequence[Case], factors: Factors) -> dict[int, list[Case]]:
    """The incidents to show, each with all that it stands for: its slices, and incidents of the same slice and time of
    metrics that explain it (spend falls because fewer requests were filled: one incident, of spend)."""
    shown = folded(found)
    heads = [one for one in found if one.id in shown]
    of: dict[tuple[object, ...], list[Case]] = {}
    for one in heads:
        of.setdefault((one.judged.monitor.dataset, one.slice), []).append(one)
    above: dict[int, int] = {}
    for group in of.values():
        for part in group:
            over = [whole for whole in group if _explained(whole, part, factors)]
            if over:
                above[part.id] = min(over, key=lambda one: (one.known_at, one.id)).id
    for number in sorted(above):
        if _root(number, above) == number:  # metrics that explain each other: the first stays
            del above[number]
    out = {one.id: list(shown[one.id]) for one in heads if one.id not in above}
    for one in heads:
        if one.id in above:
            out[_root(one.id, above)] += [one, *shown[one.id]]
    return out


def explaining_others(found: Sequence[Case], factors: Factors) -> dict[int, int]:
    """Of incidents that explain one of another metric, while both are open, which one that is."""
    heads = folded(found)
    told = unified([one for one in found if one.id in heads and one.end is None], factors)
    return {part.id: head for head, parts in told.items() for part in parts}


def _root(one: int, above: Mapping[int, int]) -> int:
    """The incident that stands for it in the end; itself, where they go round in a circle."""
    seen, at = {one}, one
    while at in above:
        at = above[at]
        if at in seen:
            return one
        seen.add(at)
    return at


def _explained(whole: Case, part: Case, factors: Factors) -> bool:
    """`part` is of a factor of `whole`, at one time, and its move is most of the whole's."""
    power = factors.get(whole.judged.monitor.metric, {}).get(part.judged.monitor.metric)
    if power is None or whole.life.state == "retracted" or not whole.overlaps(part):
        return False
    if part.episode.direction * power != whole.episode.direction:
        return False
    moved, by = _move(whole), _move(part)
    return moved != 0 and by is not None and moved is not None and LEAST <= power * by / moved <= MOST


def _move(case: Case) -> float | None:
    """The log of actual over expected; None where one is not above 0."""
    of = numbers(case.judged, case.row, case.episode.first, case.last)
    return math.log(of.actual / of.expected) if of.actual > 0 and of.expected > 0 else None
