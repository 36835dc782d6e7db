"""What a rule is: a function from a scan and what the engine said of it to a better scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lapwing.sources.base import Source
from lapwing.sql.ask import Sighting
from lapwing.sql.bind import Occurrence
from lapwing.sql.nodes import Scan


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule may know: the mention of the table, its source, and every place where the plan scans it."""

    occurrence: Occurrence
    source: Source
    sightings: tuple[Sighting, ...]


class Rule(Protocol):
    """Gives the scan made smaller, or as it was. A rule may only leave out what the statement would drop anyway: the
    statement itself is never changed."""

    def __call__(self, scan: Scan, facts: Facts) -> Scan: ...
