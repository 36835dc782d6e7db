"""What to do about a monitor that is mostly ignored: another sensitivity, tried on what it raised, or none at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lapwing.alerts.backtest import CHOICES
from lapwing.alerts.cases import Case
from lapwing.alerts.judged import Judged

ENOUGH = 5
"""Incidents that people said something of, or ignored, before anything is advised..."""
MOSTLY = 2 / 3
"""...and the share of them that is too many."""
_ENOUGH_OF = 0.75
"""The least that rids of this share of what any would."""
_COSTS = 3
"""How many useless ones must go for one that was useful."""


def advice(
    judged: Judged, useful: Sequence[Case], against: Sequence[Case], ignored: Sequence[Case], raised: int
) -> str:
    """A sentence; empty where all is well, or too little is known."""
    voted = len(useful) + len(against)
    if voted >= ENOUGH and len(against) >= MOSTLY * voted:
        return f"{len(against)} of {voted} were not useful: {_remedy(judged, useful, against)}"
    if not useful and len(ignored) >= ENOUGH and len(ignored) >= MOSTLY * raised:
        return f"{len(ignored)} of {raised} were ignored: {_remedy(judged, useful, ignored)}"
    return ""


def _remedy(judged: Judged, useful: Sequence[Case], against: Sequence[Case]) -> str:
    """The sensitivity that rids of most of what is not wanted, at little cost."""
    tried = [
        (choice, _raised(judged, choice, against), _raised(judged, choice, useful))
        for choice in CHOICES
        if choice > judged.monitor.sensitivity and judged.swept is None
    ]
    gains = [len(against) - left - _COSTS * (len(useful) - kept) for _, left, kept in tried]
    if not gains or max(gains) <= 0:
        return "unfollow it, or say why it should stay."
    enough = next(place for place, gain in enumerate(gains) if gain >= _ENOUGH_OF * max(gains))
    choice, left, kept = tried[enough]
    also = f" and kept {kept} of the {len(useful)} useful" if useful else ""
    return f"raise its sensitivity to {choice:g}, which would have left out {len(against) - left} of them{also}, or unfollow it."


def _raised(judged: Judged, sensitivity: float, of: Sequence[Case]) -> int:
    """How many of these incidents would have been raised."""
    other = replace(judged, monitor=replace(judged.monitor, sensitivity=sensitivity), before=None).episodes
    return sum(
        any(
            one.direction == case.episode.direction and case.episode.first <= one.opened <= case.episode.last
            for one in other[case.row]
        )
        for case in of
    )
