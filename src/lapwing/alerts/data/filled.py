"""Whether a day has as many rows as usual, and of every value."""

from __future__ import annotations

import numpy as np

from lapwing.alerts.data.constants import FEW, NULL_POINTS, VALUE_DAYS, VALUE_ROWS, VALUE_SHARE, VOLUME_PART
from lapwing.alerts.data.facts import Facts, Values
from lapwing.alerts.data.finding import Finding
from lapwing.alerts.ready.readiness import rows_word
from lapwing.alerts.words import number, when
from lapwing.model.calendar import in_zone


def volume(facts: Facts) -> Finding | None:
    """The newest complete day has far more rows than expected, or far fewer."""
    days = facts.days
    count = 0 if days is None or facts.complete_until is None else days.complete(facts.complete_until)
    if days is None or not count:
        return None
    last, found = count - 1, days.expected
    held, expected, score = float(days.held[last]), float(found.expected[0, last]), float(found.score[0, last])
    if not (found.ready[0, last] and expected >= FEW and abs(score) >= facts.dataset.checks.volume):
        return None
    if VOLUME_PART * expected < held < expected / VOLUME_PART:
        return None
    start, end = int(days.borders[last]), int(days.borders[last + 1])
    how = "only " if held < expected else ""
    day, word = when(in_zone(start, facts.zone), clock=False), rows_word(facts.dataset)
    says = f"{day} has {how}{number(held)} {word}, {number(expected)} expected."
    lower, upper = float(found.lower[0, last]), float(found.upper[0, last])
    size = abs(held - expected) / expected
    return Finding(
        kind="volume",
        says=says,
        start=start,
        end=end,
        size=size,
        actual=held,
        expected=expected,
        lower=lower,
        upper=upper,
    )


def values(facts: Facts) -> Finding | None:
    """A value that always had rows has none on the newest complete day, or nulls are far more frequent than ever."""
    for one in facts.values:
        says = _vanished(one) or _nulls(one)
        if says is not None:
            return Finding(kind="values", says=says, start=one.start, end=one.end)
    return None


def _vanished(one: Values) -> str | None:
    past, now = one.rows[:, -1 - VALUE_DAYS : -1], one.rows[:, -1]
    if past.shape[1] < VALUE_DAYS or now.sum() < FEW:
        return None
    usual = (past.min(axis=1) > 0) & (np.median(past, axis=1) >= VALUE_ROWS)
    gone = np.flatnonzero(usual & (now == 0) & (past.sum(axis=1) >= VALUE_SHARE * past.sum()))
    if not len(gone):
        return None
    named = ", ".join(str(one.values[place]) for place in gone[:3]) + (" and others" if len(gone) > 3 else "")
    share = past[gone].sum() / past.sum()
    return f"No rows of {one.label.lower()} {named}, usually {share:.0%} of all."


def _nulls(one: Values) -> str | None:
    place = next((place for place, value in enumerate(one.values) if value is None), None)
    total = one.rows.sum(axis=0)
    if place is None or len(total) <= VALUE_DAYS or total[-1] < FEW:
        return None
    share = one.rows[place] / np.maximum(total, 1.0)
    most = float(share[-1 - VALUE_DAYS : -1].max())
    if share[-1] <= most + NULL_POINTS:
        return None
    return f"{share[-1]:.0%} of the rows have no {one.label.lower()}, on other days at most {most:.0%}."
