"""The market as whoever writes it down sees it: any day of it, and what happened on the days that were drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from simulator.day import draw_day
from simulator.happen import Change
from simulator.incident import Incident
from simulator.labels import labels, touching
from simulator.plan import incidents
from simulator.world import World, make_world


@dataclass(slots=True, eq=False)
class Market:
    """`events`: about how many an average day has. Without `eventful` nothing in particular ever happens."""

    seed: int
    events: float
    eventful: bool = True
    world: World = field(init=False)
    changes: dict[date, Mapping[str, Change]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.world = make_world(self.seed)

    def day(self, day: date) -> pa.Table:
        """The events of a UTC day."""
        drawn = draw_day(self.world, self.seed, day, self.events, touching(self.incidents(day, day), day))
        self.changes[day] = drawn.changes
        return drawn.table

    def incidents(self, first: date, last: date) -> list[Incident]:
        """Those that touch these UTC days."""
        return incidents(self.world, self.seed, first, last) if self.eventful else []

    def others(self) -> Mapping[str, pa.Table]:
        """The tables beside the events: campaigns, and of an eventful market what happened on the days drawn."""
        found = {"campaigns": self.world.campaigns}
        if self.eventful and self.changes:
            found["incidents"] = labels(self.incidents(min(self.changes), max(self.changes)), self.changes)
        return found
