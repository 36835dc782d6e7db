"""Answers a request: from the rollup that is cheapest to read or, where none fits, from the source."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from lapwing.cache.answer import Answered, Missed, missing
from lapwing.cache.damage import put_aside
from lapwing.cache.definitions import Definitions
from lapwing.cache.direct import read_source
from lapwing.cache.manifests import Manifests
from lapwing.cache.read import Reader, ReadResult
from lapwing.cache.request import StateRequest
from lapwing.cache.route import Route, route
from lapwing.cache.span import Spans
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import StoreError
from lapwing.model.receipt import Considered, Piece, Reason
from lapwing.sql.service import SqlService


class Answers:
    """Answering, for a `Cache`. Safe to use from several threads."""

    def __init__(
        self,
        sql: SqlService,
        store: RollupStore,
        definitions: Definitions,
        manifests: Manifests,
        reader: Reader,
        spans: Spans,
        now: Callable[[], datetime],
    ) -> None:
        self._sql = sql
        self._store = store
        self._definitions = definitions
        self._manifests = manifests
        self._reader = reader
        self._spans = spans
        self._now = now

    def answer(self, request: StateRequest) -> Answered | Missed:
        """States from the cheapest rollup that can answer exactly, or why none can. A store that can't be read is such a
        reason, too: the source then answers."""
        definitions, refused = self._definitions.of(request.bound)
        found: Route | None = None
        for attempt in (1, 2, 3):
            try:
                manifests = self._manifests.read(definitions)
                found, considered = route(request, definitions, manifests)
                if found is None:
                    return Missed(considered=(*considered, *refused))
                asked = frozenset(request.measures)
                states = {name: state for name, state in found.definition.states.items() if name in asked}
                result = self._reader.read(found.definition, found.partitions, request, states)
            except StoreError as error:
                problem = error.problems[0]
                # A version removed between the manifest and its chunks: the manifest of now names the new one.
                if problem.code == "version-gone" and attempt == 1:
                    continue
                damaged = found is not None and problem.code in ("version-gone", "store-damaged") and attempt < 3
                if found is not None and damaged and put_aside(self._store, found.definition, found.partitions):
                    continue
                reason = Reason(check="store", passed=False, says=problem.message)
                names = [definition.name for definition in definitions]
                return Missed(considered=tuple(Considered(rollup=n, chosen=False, reasons=(reason,)) for n in names))
            return _answered(request, found, (*considered, *refused), result)
        raise AssertionError("the third attempt returns")

    def from_source(
        self, request: StateRequest, *, time_limit: float, considered: tuple[Considered, ...] = ()
    ) -> Answered:
        """The same states, computed from the rows by one statement.

        Raises:
            Refused: a state that can't be computed exactly.
            SourceError, TimeLimit: the source does not answer (in time).
        """
        began = time.perf_counter()
        frame, piece = read_source(self._sql, request, time_limit)
        taken = (time.perf_counter() - began) * 1e3
        span = self._spans.get(request.bound)
        until = span.sealed(request.bound, self._now()) if span else None
        return Answered(
            frame=frame,
            considered=considered,
            pieces=(piece,),
            data_until=until,
            missing=missing(int(request.edges[0]), int(request.edges[-1]), until),
            milliseconds=taken,
        )


def _answered(request: StateRequest, found: Route, considered: tuple[Considered, ...], result: ReadResult) -> Answered:
    until = None if found.manifest.goal is None else found.manifest.data_until  # no goal: all rows have gone
    piece = Piece(
        by="rollup",
        name=found.definition.name,
        keys=result.keys,
        rows=result.rows,
        bytes=result.bytes,
        versions=tuple(f"{partition.version}" for partition in found.partitions),
    )
    return Answered(
        frame=result.frame,
        considered=considered,
        pieces=(piece,),
        data_until=until,
        missing=missing(int(request.edges[0]), int(request.edges[-1]), until),
        milliseconds=result.milliseconds,
    )
