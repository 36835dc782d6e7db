"""What a metric is to come to, or not to cross: what early warnings are about."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lapwing.model.grain import Grain
from lapwing.model.problem import Place

CHANCE = 0.85
"""How likely a miss is before it is told, unless a goal says otherwise: of five such warnings more than four come true."""
LIMIT_CHANCE = 0.7
"""The same of crossing a limit, unless it says otherwise: of those told so more than four of five come, too, since a forecast
that nears a limit goes on doing so."""
TOLERANCE = 0.05
"""How far from an exact goal is still well, as a share of it, unless it says otherwise."""


class Aim(StrEnum):
    """Which side of a goal is well."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    EXACTLY = "exactly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """`metric` ("dataset.metric") within `slice` over each calendar `period` is to come to an amount. `amounts` are
    (start in UTC microseconds, amount), sorted: each holds until the next; where there is one for all its start is the
    beginning of time. `tolerance` is a share of the amount. A miss is told from the probability `chance` on."""

    name: str
    dataset: str
    metric: str
    period: Grain
    aim: Aim
    amounts: tuple[tuple[int, float], ...]
    slice: tuple[tuple[str, str], ...] = ()
    tolerance: float = 0.0
    chance: float = CHANCE
    place: Place = field(default_factory=Place, compare=False)

    def amount(self, start: int) -> float | None:
        """Of the period that begins at a moment (UTC microseconds); None before the first."""
        return next((amount for since, amount in reversed(self.amounts) if since <= start), None)

    def well(self, amount: float) -> tuple[float, float]:
        """The lowest and the highest total that meet a goal of an amount."""
        room = self.tolerance * abs(amount)
        low = float("-inf") if self.aim is Aim.AT_MOST else amount - room
        high = float("inf") if self.aim is Aim.AT_LEAST else amount + room
        return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`metric` within `slice`, judged by `grain` (hour or day), is not to go above or below a value. A crossing that is
    expected within so many buckets (`ahead`) with probability `chance` is told."""

    name: str
    dataset: str
    metric: str
    grain: Grain
    above: float | None
    below: float | None
    ahead: int
    slice: tuple[tuple[str, str], ...] = ()
    chance: float = LIMIT_CHANCE
    place: Place = field(default_factory=Place, compare=False)
