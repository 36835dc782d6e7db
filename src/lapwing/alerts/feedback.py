"""What a vote did, in words: how much more or less its monitor needs from now on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lapwing.alerts.record import Key
from lapwing.alerts.views.incident import VoteView
from lapwing.alerts.votes import LEAST, MOST, Vote, strictness

_FRACTIONS = (
    *((1 / 20, "a twentieth"), (0.1, "a tenth"), (0.2, "a fifth"), (0.25, "a quarter"), (1 / 3, "a third")),
    (0.5, "half as much"),
)
_NEAR = 0.03
"""How far a number may be from a fraction that stands for it."""
_NOTHING = 0.005


def cast(found: Sequence[Vote], key: Key, moment: int) -> list[VoteView]:
    """Who says what of an incident at a moment."""
    return [VoteView(who=one.who, useful=one.useful) for one in found if one.key == key and one.holds(moment)]


def learned(found: Sequence[Vote], key: Key, moment: int) -> str:
    """What the votes on an incident do to what comes after a moment; empty where nobody votes."""
    if not any(one.key == key and one.holds(moment) for one in found):
        return ""
    known = np.array([moment + 1])
    standing = [one for one in found if one.at <= moment]
    now, without = (
        float(strictness(votes, key[0], key[1], known)[0])
        for votes in (standing, [one for one in standing if one.key != key])
    )
    change = now / without - 1
    if abs(change) < _NOTHING:
        return "Nothing changes by it: " + (
            "this monitor needs as much more as votes can make it."
            if now > MOST - 0.05
            else "this monitor needs as little as votes can make it."
            if now < LEAST + 0.03
            else "votes for and against are alike."
        )
    says = f"From now on this monitor needs {_more(change)} to speak of this."
    return (
        says if abs(without - 1) < _NOTHING else f"{says} With all that was said of it, {_more(now - 1)} than at first."
    )


def _more(change: float) -> str:
    """A share, as people say it."""
    size = abs(change)
    share, name = min(_FRACTIONS, key=lambda one: abs(one[0] - size))
    name = name if abs(share - size) <= min(_NEAR, share / 3) else f"{size:.0%}"
    return f"{name} {'more' if change > 0 else 'less'}"
