"""What may happen to the market: a label that says so, and how it changes events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from simulator.world import COUNTRIES, DEVICES, Floats, World

Bools = npt.NDArray[np.bool_]
HOUR = timedelta(hours=1)
BILLED_IN = ZoneInfo("America/New_York")
"""The days of budgets are this zone's."""


class Effect(Enum):
    """FEWER: of what is asked for, shown, clicked (from `level` on, with all that followed from it) only `factor` is
    left. MORE: `factor` times as much, of all (`level` 0), of requests that nobody fills (1), of ads that nobody clicks on
    (2). PRICE: at `factor` of the price. LATE: received `factor` hours after the end."""

    FEWER = "fewer"
    MORE = "more"
    PRICE = "price"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """`start` and `end` are hours (UTC), half-open. `country`, `device`, `advertiser` and `pricing` are its slice, None is
    any. `metrics` show it, each as NAME:up or NAME:down. `expected`: people knew of it before. `ramp`: it sets in slowly,
    up to `factor` at the end; `from_hour`: on each day from this hour on, by the clock that budgets go by."""

    name: str
    kind: str
    start: datetime
    end: datetime
    effect: Effect
    factor: float
    level: int = 0
    ramp: bool = False
    from_hour: int | None = None
    country: str | None = None
    device: str | None = None
    advertiser: str | None = None
    pricing: str | None = None
    metrics: tuple[str, ...] = ()
    expected: bool = False

    def factors(self, midnight: datetime) -> Floats:
        """Of each hour of the UTC day that begins then; 1 where it does nothing."""
        out = np.ones(24)
        for hour in range(24):
            at = midnight + hour * HOUR
            if not self.start <= at < self.end:
                continue
            if self.from_hour is not None and at.astimezone(BILLED_IN).hour < self.from_hour:
                continue
            part = ((at - self.start) + HOUR) / (self.end - self.start) if self.ramp else 1.0
            out[hour] = 1 + (self.factor - 1) * part
        return out

    def cells(self, world: World) -> Bools:
        """Which of the world's cells it happens to."""
        found = np.ones(len(world.campaign), np.bool_)
        for value, codes, names in ((self.country, world.country, COUNTRIES), (self.device, world.device, DEVICES)):
            if value is not None:
                found &= codes == list(names).index(value)
        for value, column in ((self.advertiser, "advertiser"), (self.pricing, "pricing")):
            if value is not None:
                found &= (world.campaigns.column(column).to_numpy() == value)[world.campaign]
        return found
