"""What people said of incidents, useful or not, and how much more or less a monitor needs to speak from then on.

A vote holds from its moment on and never changes what was judged before. It counts most for the same series and direction,
some for the rest of the monitor; it fades, and many saturate: nobody can silence a monitor, or make it shout, by voting.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats
from lapwing.alerts.record import Happened, Key, Record
from lapwing.model.calendar import DAY

Moments = npt.NDArray[np.int64]

LEAST, MOST = 0.75, 1.6
"""By which factor the evidence that is needed may change at most."""
AGAINST, FOR = 0.34, 0.05
"""What one vote does to its logarithm: the first against asks for a third more, one for it for a twentieth less. A useless alarm
is news about the monitor; a useful one mostly says that it is right as it is."""
HALF_LIFE = 91 * DAY
"""After which a vote counts for half: data, people and what they care about change by the season."""
OTHER_DIRECTION, OTHER_SERIES = 0.4, 0.3
"""The share of a vote that counts for the other direction, and for other series of the monitor."""


@dataclass(frozen=True, slots=True, order=True)
class Vote:
    """Of one person on the incident `key`, in [at, until) (UTC microseconds); `until` None: it stands."""

    key: Key
    at: int
    who: str
    useful: bool
    until: int | None = None

    def holds(self, moment: int) -> bool:
        return self.at <= moment and (self.until is None or moment < self.until)


def votes(records: Iterable[Record]) -> tuple[Vote, ...]:
    """All that were ever cast on a monitor's incidents, by when."""
    found = (vote for record in records for vote in votes_of(record.key, record.lines))
    return tuple(sorted(found, key=lambda vote: (vote.at, vote.key, vote.who)))


def votes_of(key: Key, lines: Iterable[Happened]) -> Iterator[Vote]:
    """Of one incident; a person's new vote, or word to take it back, ends the one before."""
    standing: dict[str, Vote] = {}
    for line in sorted((line for line in lines if line.kind == "voted"), key=lambda line: (line.at, line.number)):
        before = standing.pop(line.who, None)
        if before is not None:
            yield Vote(before.key, before.at, before.who, before.useful, line.at)
        if line.data["useful"] is not None:
            standing[line.who] = Vote(key, line.at, line.who, bool(line.data["useful"]))
    yield from standing.values()


def verdict(found: Iterable[Vote], moment: int) -> bool | None:
    """What people say of an incident at a moment: useful, not, or (nothing, or both alike) None."""
    balance = sum(1 if one.useful else -1 for one in found if one.holds(moment))
    return None if balance == 0 else balance > 0


def found_useful(found: Iterable[Vote]) -> Iterator[tuple[Key, int, bool]]:
    """The moments at which incidents became useful ones (True), and at which they ceased to be."""
    incidents: dict[Key, list[Vote]] = {}
    for vote in found:
        incidents.setdefault(vote.key, []).append(vote)
    for key, cast in incidents.items():
        before = False
        for moment in sorted({vote.at for vote in cast} | {vote.until for vote in cast if vote.until is not None}):
            now = verdict(cast, moment) is True
            if now is not before:
                yield key, moment, now
            before = now


def strictness(found: Iterable[Vote], series: str, direction: int, known: Moments) -> Floats:
    """(T,): the factor on the evidence that a series needs in a direction, in buckets known at these moments: what was said
    at a moment counts for those that are known after it."""
    total = np.zeros(len(known))
    for vote in found:
        weight = (1.0 if vote.key[0] == series else OTHER_SERIES) * (
            1.0 if vote.key[1] == direction else OTHER_DIRECTION
        )
        first = int(np.searchsorted(known, vote.at, side="right"))
        stop = len(known) if vote.until is None else int(np.searchsorted(known, vote.until, side="right"))
        age = (known[first:stop] - vote.at) / HALF_LIFE
        total[first:stop] += (-FOR if vote.useful else AGAINST) * weight * 0.5**age
    least, most = math.log(LEAST), math.log(MOST)
    bounded: Floats = np.exp(np.where(total < 0, least * np.tanh(total / least), most * np.tanh(total / most)))
    return bounded
