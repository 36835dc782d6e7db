"""What is watched of a dataset's data itself: that it arrives, all of it, of the same kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

CHECK_NAMES = ("stale", "late", "volume", "schema", "values", "builds", "audit")
"""What may be wrong with data, in the order in which it explains the rest."""
VOLUME = 6.0
"""Robust standard deviations by which a day's rows may differ. Half as far again as for metrics: rows are the data's own
pulse, nobody asked for it to be watched, and what matters of it is large."""

LEAST_VOLUME, MOST_VOLUME = 3.0, 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """Which are on. `stale_after`: the newest data may be that old, None: learned from its rhythm. `volume`: robust
    standard deviations. `tags`: for subscriptions."""

    on: frozenset[str] = frozenset(CHECK_NAMES)
    stale_after: timedelta | None = None
    volume: float = VOLUME
    tags: tuple[str, ...] = ()
