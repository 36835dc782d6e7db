"""The checks of data: each one function, from the facts of a look to what is wrong, or None."""

from __future__ import annotations

from collections.abc import Callable

from lapwing.alerts.data.arriving import late, stale
from lapwing.alerts.data.facts import Facts
from lapwing.alerts.data.filled import values, volume
from lapwing.alerts.data.finding import Finding, standing
from lapwing.alerts.data.kept import audit, builds
from lapwing.alerts.data.shaped import schema

Check = Callable[[Facts], Finding | None]
CHECKS: dict[str, Check] = {
    "schema": schema,
    "builds": builds,
    "stale": stale,
    "late": late,
    "volume": volume,
    "values": values,
    "audit": audit,
}


def checked(facts: Facts) -> tuple[Finding, ...]:
    """What is wrong with a dataset's data, without what something else of it explains."""
    on = facts.dataset.checks.on
    found = (check(facts) for kind, check in CHECKS.items() if kind in on)
    return standing(tuple(one for one in found if one is not None))
