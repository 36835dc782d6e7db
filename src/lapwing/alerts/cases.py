"""Incidents as they were known at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lapwing.alerts.episode import Episode, Step
from lapwing.alerts.history import Slice, series_key
from lapwing.alerts.judged import Judged
from lapwing.alerts.life import Life, life
from lapwing.alerts.record import ENDINGS, Happened, Key, Record
from lapwing.alerts.votes import Vote, votes


@dataclass(frozen=True, eq=False)
class Known:
    """A judged monitor, the records of its incidents as of `pulse`, and the versions of the definition and the data it was
    judged on. `head`: that of the run that it was kept as."""

    judged: Judged
    records: Mapping[Key, Record]
    definition: str
    data: str
    pulse: int = 0
    head: bytes = b""

    @cached_property
    def votes(self) -> tuple[Vote, ...]:
        """All that people said of these incidents."""
        return votes(self.records.values())


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """An incident as known when `buckets` buckets were. `life` is its state then. It lasts [start, end) in UTC microseconds:
    `end` is when it was known to be over, None while it is open; its numbers count `counted` buckets at most. `votes` are on
    all incidents of its monitor."""

    record: Record
    judged: Judged
    row: int
    episode: Episode
    buckets: int
    counted: int
    life: Life
    moment: int
    votes: tuple[Vote, ...] = ()

    @property
    def lines(self) -> tuple[Happened, ...]:
        """What is written down of it and was known then."""
        return self.record.known(self.moment)

    @property
    def restated(self) -> bool:
        """The data it was told of is no longer what it was, or its metric is not."""
        return any(line.kind == "retracted" for line in self.record.lines) or self.life.reason == "redefined"

    @property
    def snoozed_until(self) -> int | None:
        """Until when it is to be left alone; None where it need not be."""
        return self.life.snoozed_until(self.moment)

    @property
    def id(self) -> int:
        return self.record.id

    @property
    def slice(self) -> Slice:
        return self.judged.slices[self.row]

    @property
    def start(self) -> int:
        return int(self.judged.borders[self.episode.first])

    @property
    def known_at(self) -> int:
        assert self.life.opened is not None
        return self.life.opened

    @property
    def end(self) -> int | None:
        """When it was over: by the data's own time, where the data says so, whenever that became known."""
        ended = self.life.ended
        resolved = next((step for step in reversed(self.life.steps) if step.kind in ENDINGS), None)
        if ended is None or self.life.reason not in ("quiet", "ended") or resolved is None or resolved.bucket is None:
            return ended
        place = int(np.searchsorted(self.judged.borders[:-1], resolved.bucket, side="right")) - 1
        return int(self.judged.known[place])

    @property
    def finish(self) -> int:
        """Until when its trouble lasted, as far as it was told: never, while it is open."""
        end = self.end
        return 1 << 62 if end is None else self.until if self.life.state == "retracted" else end

    @property
    def last(self) -> int:
        """The last bucket its numbers count."""
        return self.episode.last

    @property
    def until(self) -> int:
        """The end of that bucket."""
        return int(self.judged.borders[self.last + 1])

    def overlaps(self, other: Case) -> bool:
        return self.start < other.finish and other.start < self.finish

    def stands_for(self, other: Case) -> bool:
        """The same metric moved the same way at the same time, and this one is of the whole, `other` of a part of it; or both
        are of the same buckets of one slice that two monitors watch, and this one lasts longer, or was known first."""
        return (
            self.judged.monitor.metric == other.judged.monitor.metric
            and self.episode.direction == other.episode.direction
            and (set(self.slice) < set(other.slice) or self._is_twice(other))
            and self.overlaps(other)
            and (self.life.state != "retracted" or other.life.state == "retracted")
        )

    def _is_twice(self, other: Case) -> bool:
        monitor, of = self.judged.monitor, other.judged.monitor
        alike = monitor.name != of.name and monitor.grain == of.grain and set(self.slice) == set(other.slice)
        return alike and (-self.finish, self.known_at, self.id) < (-other.finish, other.known_at, other.id)


def cases(known: Iterable[Known], moment: int) -> list[Case]:
    """All incidents that people could know of at a moment, by when they could."""
    out = []
    for one in known:
        judged = one.judged
        rows = {series_key(within): row for row, within in enumerate(judged.slices)}
        shown = {
            (series, episode.direction, int(judged.borders[episode.opened])): episode
            for series, row in rows.items()
            for episode in judged.episodes[row]
        }
        for record in one.records.values():
            now = life(record.lines, moment)
            row = rows.get(record.key[0])
            if not now.told or row is None:
                continue
            buckets = judged.known_buckets(min(moment, now.ended or moment))
            episode = shown.get(record.key)
            seen = None if episode is None else episode.until(buckets)
            seen = seen or _as_told(judged, record.key, now, buckets)
            if seen is not None:
                out.append(
                    Case(record, judged, row, seen, judged.known_buckets(moment), buckets, now, moment, one.votes)
                )
    return sorted(out, key=lambda case: (case.known_at, case.id))


def _as_told(judged: Judged, key: Key, now: Life, buckets: int) -> Episode | None:
    """An incident that the data no longer shows, as it was told."""
    starts = [key[2], *(int(step.bucket) for step in now.steps if step.bucket is not None)]
    if not judged.borders[0] <= key[2] < judged.borders[-1]:
        return None
    places = np.searchsorted(judged.borders[:-1], sorted(set(starts)), side="right") - 1
    loud = tuple(int(place) for place in places if place < max(buckets, 1)) or (int(places[0]),)
    return Episode(direction=key[1], first=loud[0], loud=loud, resolved=None, steps=(Step("opened", loud[0]),))
