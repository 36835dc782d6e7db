"""How fresh what is kept is: compared with the source, as far as somebody wishes it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import numpy as np

from lapwing.cache.cover import Cover
from lapwing.cache.marks import Marks
from lapwing.cache.partition import Partition
from lapwing.cache.request import StateRequest, Terms
from lapwing.cache.route import Fresh
from lapwing.cache.shelf import Row, row_of
from lapwing.cache.span import Spans
from lapwing.cache.times import Stretches, union
from lapwing.sql.service import SqlService

Key = tuple[str, int, int, str]
_MOST = 100_000


class Freshness:
    """Remembers of which partitions the source said that they are, or are no longer, as it has them. Safe to use from
    several threads."""

    def __init__(self, sql: SqlService, spans: Spans) -> None:
        self._sql = sql
        self._spans = spans
        self._said: dict[Key, tuple[float, bool]] = {}

    def wished(self, request: StateRequest, terms: Terms) -> Fresh | None:
        """What leaves of rollups only what is fresh enough; None where that does not matter."""
        if terms.staleness is None:
            return None
        return partial(self._fresh, request, terms.staleness, terms.source)

    def stale(self, covers: Sequence[Cover], request: StateRequest) -> Stretches:
        """The part of the asked time for which the source is known to have changed, without asking it."""
        start, end = int(request.edges[0]), int(request.edges[-1])
        rows: list[tuple[int, int]] = []
        for cover in covers:
            for one in cover.manifest.overlapping(start, end) if self._said else ():
                _, same = self._said.get(_key(cover, one), (0.0, True))
                if not same:
                    rows.append((max(start, one.start), min(end, one.end)))
            span, goal = self._spans.known(request.bound), cover.manifest.goal
            if span is not None and goal is not None and span.end > goal:
                rows.append((max(start, goal), min(end, span.end)))
        return union(np.array(rows, np.int64).reshape(-1, 2))

    def _fresh(self, request: StateRequest, staleness: float, ask: bool, covers: Sequence[Cover]) -> Row:
        start, end = int(request.edges[0]), int(request.edges[-1])
        marks = Marks(self._sql) if ask else None
        kept = []
        for cover in covers:
            partitions = cover.manifest.overlapping(start, end)
            fresh = tuple(one for one in partitions if self._is_fresh(cover, one, staleness, marks))
            kept.append(cover if fresh == cover.partitions else Cover(cover.definition, cover.manifest, fresh))
        row = row_of(kept)
        lacks = "It is not built, or not as fresh as asked,"
        if marks is None:
            return Row(row.covers, row.since, row.goal, lacks)
        span = self._spans.get(request.bound, within=staleness)
        since, goal = (None, None) if span is None else (span.start, span.end)
        return Row(row.covers, since, goal, lacks)

    def _is_fresh(self, cover: Cover, one: Partition, staleness: float, marks: Marks | None) -> bool:
        now, key = time.time(), _key(cover, one)
        said = self._said.get(key)
        if said is not None and now - said[0] <= staleness:
            return said[1]
        if marks is None:
            return now - one.built_at <= staleness
        same = marks.mark(cover.definition.bound, one.start, one.end) == one.mark
        if len(self._said) >= _MOST:
            self._said.clear()
        self._said[key] = (now, same)
        return same


def _key(cover: Cover, one: Partition) -> Key:
    return cover.definition.bound.dataset.name, one.start, one.end, one.mark
