"""What judging is told beside the data: stretches to leave out, and levels that people accepted as normal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools
from lapwing.alerts.life import life
from lapwing.alerts.record import Record

Moments = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Maintenance in [start, end) (UTC microseconds), as people read it."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True, order=True)
class Accepted:
    """ "This is the new normal": at moment `at` the level of a series since `since` was accepted (UTC microseconds)."""

    series: str
    at: int
    since: int


@dataclass(frozen=True, slots=True)
class Complete:
    """What is learned of how data arrives: buckets are complete so long `after` their end (microseconds), and by now those
    that end by `until` (UTC microseconds)."""

    after: int
    until: int

    @property
    def digest(self) -> str:
        """The same for the same."""
        return f"{self.after} {self.until}"


Ready = Callable[[str], Complete | None]
"""Of a dataset, how far it is known to be complete, where that is learned."""


def not_learned(_: str) -> Complete | None:
    """All is complete as the model says."""
    return None


@dataclass(frozen=True, slots=True)
class Inputs:
    """Of one monitor. Judging is a pure function of data, definition and these. `complete` None: as the model says."""

    windows: tuple[Window, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    complete: Complete | None = None

    @property
    def digest(self) -> str:
        """The same for the same inputs; empty for none."""
        said = (sorted(self.windows), sorted(self.accepted), *([] if self.complete is None else [self.complete]))
        return "" if said == ([], []) else hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    def left_out(self, borders: Moments) -> Bools:
        """Which buckets, of which `borders` are the borders, have maintenance in them, be it in part."""
        out = np.zeros(len(borders) - 1, bool)
        for window in self.windows:
            out |= (borders[:-1] < window.end) & (borders[1:] > window.start)
        return out

    def in_maintenance(self, start: int) -> bool:
        """Whether a bucket that begins at a moment is left out, as far as its beginning tells."""
        return any(window.start <= start < window.end for window in self.windows)


def accepted(records: Iterable[Record]) -> tuple[Accepted, ...]:
    """What people accepted of a monitor's series and did not take back by reopening."""
    out = []
    for record in records:
        if not any(line.kind == "accepted" for line in record.lines):
            continue
        line = life(record.lines).accepted
        if line is not None and line.data.get("since") is not None:
            out.append(Accepted(record.key[0], line.at, int(line.data["since"])))
    return tuple(sorted(out))
