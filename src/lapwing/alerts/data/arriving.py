"""Whether data arrives: at all, and as much of it as usual at its age."""

from __future__ import annotations

import numpy as np

from lapwing.alerts.data.constants import FEW, LATE_BACK, LATE_PART, LATE_SHARE
from lapwing.alerts.data.facts import Facts, Rows
from lapwing.alerts.data.finding import Finding
from lapwing.alerts.ready.curve import Curve, length
from lapwing.alerts.ready.readiness import rows_word
from lapwing.alerts.words import number, when
from lapwing.model.calendar import in_zone


def stale(facts: Facts) -> Finding | None:
    """The newest data is older than it ever was before the next came, and than is promised."""
    newest, given = facts.seen.newest, facts.dataset.checks.stale_after
    limit = facts.seen.limit if given is None else int(given.total_seconds() * 1e6)
    if newest is None or limit is None:
        return None
    if given is None and facts.promised is not None:
        limit = max(limit, facts.promised + int(facts.dataset.complete_after.total_seconds() * 1e6))
    age = facts.at - newest
    if age <= limit:
        return None
    usual = (
        f"It may be {length(limit)} old." if given is not None else f"By its rhythm it is at most {length(limit)} old."
    )
    says = f"Nothing new since {when(in_zone(newest, facts.zone))}, {length(age)} ago. {usual}"
    return Finding(kind="stale", says=says, start=newest, size=age / limit)


def late(facts: Facts) -> Finding | None:
    """Buckets whose share is far below what nine of ten have at their age."""
    rows, curve = facts.rows, facts.curve
    if rows is None or curve is None:
        return None
    least = least_now(rows, curve, facts.at)
    lacking = np.flatnonzero(rows.held < LATE_PART * least)
    if not len(lacking):
        return None
    first, last = int(lacking[0]), int(lacking[-1])
    held, usual = float(rows.held[lacking].sum()), float(least[lacking].sum())
    expected = float(rows.expected.expected[0, lacking].sum())
    word = rows_word(facts.dataset)
    some = "nothing" if held == 0 else f"{held / expected:.0%} of the usual {word}"
    since, until = (when(in_zone(int(at), facts.zone)) for at in (rows.borders[first], rows.borders[last + 1]))
    at_age = f", {arrives}" if (arrives := curve.says()) else ""
    says = f"{since} to {until}: {some} has arrived{at_age}; {number(usual)} {word} are the least at this age."
    return Finding(
        kind="late",
        says=says,
        start=int(rows.borders[first]),
        end=int(rows.borders[last + 1]),
        size=float(len(lacking)),
        actual=held,
        expected=expected,
        lower=usual,
    )


def least_now(rows: Rows, curve: Curve, at: int) -> np.ndarray:
    """(T,): the rows that nine of ten such buckets have at their age, of the fewest that are expected; 0 where nothing can be
    said, as of those that are waited for no longer."""
    out = np.zeros(len(rows.held))
    expected, lower = rows.expected.expected[0], rows.expected.lower[0]
    for place in np.flatnonzero((rows.borders[1:] <= at) & (rows.borders[1:] > at - LATE_BACK)):
        share = curve.at(at - int(rows.borders[place + 1]))
        known = rows.expected.ready[0, place] and expected[place] >= FEW and np.isfinite(lower[place])
        if share is not None and known and share.low >= LATE_SHARE:
            out[place] = share.low * lower[place]
    return out
