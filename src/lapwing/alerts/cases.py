"""Incidents as they were known at one moment, and which of them stand for others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lapwing.alerts.history import Slice
from lapwing.alerts.incidents import Episode
from lapwing.alerts.judged import Judged


@dataclass(frozen=True, eq=False)
class Known:
    """A judged monitor, the ids of its incidents, and the versions of the definition and the data it was judged on."""

    judged: Judged
    ids: Mapping[tuple[str, int, int], int]
    definition: str
    data: str


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """An incident as known when `buckets` buckets were. Its life is [start, end) in UTC microseconds: `end` is when it was
    known to be over, None while it is open."""

    id: int
    judged: Judged
    row: int
    episode: Episode
    buckets: int

    @property
    def slice(self) -> Slice:
        return self.judged.slices[self.row]

    @property
    def start(self) -> int:
        return int(self.judged.borders[self.episode.first])

    @property
    def known_at(self) -> int:
        return int(self.judged.known[self.episode.opened])

    @property
    def end(self) -> int | None:
        resolved = self.episode.resolved
        return None if resolved is None else int(self.judged.known[resolved])

    @property
    def last(self) -> int:
        """The last bucket its numbers count."""
        return self.episode.last

    @property
    def until(self) -> int:
        """The end of that bucket."""
        return int(self.judged.borders[self.last + 1])

    def overlaps(self, other: Case) -> bool:
        return self.start < (other.end or 1 << 62) and other.start < (self.end or 1 << 62)

    def stands_for(self, other: Case) -> bool:
        """This one is of the whole, and `other` of a part of it: the same metric moved the same way at the same time."""
        return (
            self.judged.monitor.metric == other.judged.monitor.metric
            and self.episode.direction == other.episode.direction
            and set(self.slice) < set(other.slice)
            and self.overlaps(other)
        )


def series_key(within: Slice) -> str:
    """How a slice is written in the state database."""
    return json.dumps(within)


def cases(known: Iterable[Known], moment: int) -> list[Case]:
    """All incidents that people could know of at a moment, by when they could."""
    out = []
    for one in known:
        judged = one.judged
        buckets = judged.known_buckets(moment)
        for row, (within, episodes) in enumerate(zip(judged.slices, judged.episodes, strict=True)):
            for episode in episodes:
                seen = episode.until(buckets)
                key = (series_key(within), episode.direction, int(judged.borders[episode.opened]))
                if seen is not None and key in one.ids:
                    out.append(Case(one.ids[key], judged, row, seen, buckets))
    return sorted(out, key=lambda case: (case.known_at, case.id))


def folded(found: Sequence[Case]) -> dict[int, list[Case]]:
    """The incidents to show, each with those of its slices that it stands for."""
    hidden = {part.id for part in found if any(whole.stands_for(part) for whole in found)}
    return {one.id: [part for part in found if one.stands_for(part)] for one in found if one.id not in hidden}
