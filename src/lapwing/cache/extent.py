"""How far datasets reach: in their rollups or, where there are none, in their sources."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import datetime

from lapwing.cache.definitions import Defined, Definitions
from lapwing.cache.holdings import Holdings, holdings_of
from lapwing.cache.manifest import Manifest
from lapwing.cache.manifests import Manifests
from lapwing.cache.request import Terms
from lapwing.cache.shelf import FEW, TRUSTED
from lapwing.cache.span import Spans
from lapwing.sql.bound import BoundDataset

_MOST = 100


class Extents:
    """Safe to use from several threads."""

    def __init__(
        self, definitions: Definitions, manifests: Manifests, spans: Spans, now: Callable[[], datetime]
    ) -> None:
        self._definitions = definitions
        self._manifests = manifests
        self._spans = spans
        self._now = now
        self._seen: dict[Defined, tuple[float, list[Manifest]]] = {}

    def span(self, bound: BoundDataset, terms: Terms) -> tuple[int, int] | None:
        """From when to when the dataset has data (UTC microseconds), as the last build saw it; without one, or where it
        matters how fresh that is, as the source says. None: it has none, or the source is not to be asked."""
        if terms.source and terms.staleness is not None:
            said = self._spans.get(bound, within=terms.staleness)
            return None if said is None else (said.start, said.end)
        manifests = self._built(bound)
        if terms.known_at is not None:
            manifests = [one.known_at(terms.known_at) for one in manifests]
        starts = [m.data_start for m in manifests if m.data_start is not None]
        ends = [m.goal for m in manifests if m.goal is not None]
        if starts and ends:
            return min(starts), max(ends)
        if not terms.source:
            return None
        span = self._spans.get(bound)
        return None if span is None else (span.start, span.end)

    def data_until(self, bound: BoundDataset) -> int | None:
        """Up to when the dataset is complete: in its rollups, or without any in the source."""
        untils = [m.data_until for m in self._built(bound) if m.data_until is not None]
        if untils:
            return max(untils)
        span = self._spans.get(bound)
        return None if span is None else span.sealed(bound, self._now())

    def version(self, bound: BoundDataset) -> str:
        """Changes whenever what the dataset's rollups hold was replaced or added to; without rollups, whenever the source
        reaches further."""
        built = self._built(bound)
        if not built:
            return f"until {self.data_until(bound)}"
        parts = sorted((m.rollup, m.definition, m.edition) for m in built)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def holdings(self, bound: BoundDataset) -> Holdings:
        """Which versions of which partitions the rollups hold: of two moments these tell from when on answers may differ."""
        return holdings_of(self._built(bound))

    def _built(self, bound: BoundDataset) -> list[Manifest]:
        defined = self._definitions.of(bound)
        kept = self._seen.get(defined)
        if kept is not None and len(defined.definitions) > FEW and time.monotonic() - kept[0] < TRUSTED:
            return kept[1]
        found = self._manifests.built(defined.definitions)
        if len(self._seen) > _MOST:
            self._seen.clear()
        self._seen[defined] = (time.monotonic(), found)
        return found
