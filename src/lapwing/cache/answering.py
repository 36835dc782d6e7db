"""Answers a request: from the rollups that are cheapest to read, and from the source for what none of them holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from lapwing.cache.answer import Answered, Missed, missing
from lapwing.cache.byproducts import ByProducts, Found
from lapwing.cache.counts import Counts, why_missed
from lapwing.cache.cut import cut
from lapwing.cache.damage import put_aside
from lapwing.cache.definitions import Defined, Definitions
from lapwing.cache.direct import read_source
from lapwing.cache.fresh import Freshness
from lapwing.cache.knowledge import Then
from lapwing.cache.known import known_of, shown, stretches_to_read
from lapwing.cache.looks import Reads
from lapwing.cache.manifests import Manifests
from lapwing.cache.merge import Share, merge
from lapwing.cache.predicate import dimensions
from lapwing.cache.read import Reader
from lapwing.cache.reasons import nearest_first, reasons_of
from lapwing.cache.request import StateRequest, Terms
from lapwing.cache.route import Part, Route, find
from lapwing.cache.shape import Shape
from lapwing.cache.shelf import Shelf
from lapwing.cache.span import Span, Spans
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.times import Stretches, pairs
from lapwing.model.calendar import utc_iso
from lapwing.model.problem import StoreError
from lapwing.model.receipt import Considered, Piece, Reason, Reasons
from lapwing.sql.service import SqlService
from lapwing.states import state_for

NO_TERMS = Terms()


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
        by_products: ByProducts,
        now: Callable[[], datetime],
        reads: Reads,
    ) -> None:
        self._sql = sql
        self._store = store
        self._definitions = definitions
        self._manifests = manifests
        self._reader = reader
        self._spans = spans
        self._by_products = by_products
        self._now = now
        self._reads = reads
        self._shelf = Shelf(manifests)
        self._freshness = Freshness(sql, spans)
        self.counts = Counts()

    def answer(self, request: StateRequest, terms: Terms = NO_TERMS) -> Answered | Missed:
        """States from rollups, with what they lack from the source; where no rollup has a part in it, from what an answer
        before left behind; or why neither. A store that can't be read is such a reason, too: the source may then answer.

        Raises:
            Refused, SourceError, TimeLimit: the source was needed for a part.
        """
        defined, dataset = self._definitions.of(request.bound), request.bound.dataset.name
        route: Route | None = None
        for attempt in (1, 2, 3):
            try:
                route, considered = self.route(request, terms)
                if not route.parts:
                    left = self._from_by_product(request, terms, considered)
                    if left is not None:
                        self.counts.left_behind()
                        return left
                    shape = shape_of(request, defined)
                    check = why_missed(request, shape, defined, route) if terms.known_at is None else "history"
                    self.counts.missed(dataset, check, shape)
                    return Missed(considered=considered)
                answered = self._read(request, terms, route, considered)
                self.counts.served(route, len(request.measures))
                return answered
            except StoreError as error:
                problem = error.problems[0]
                # A version removed between the manifest and its chunks: the manifest of now names the new one.
                if problem.code == "version-gone" and attempt == 1:
                    continue
                damaged = problem.code in ("version-gone", "store-damaged") and attempt < 3
                if damaged and route is not None and self._put_aside(route):
                    continue
                self.counts.missed(dataset, "store", shape_of(request, defined))
                reason = Reason(check="store", passed=False, says=problem.message)
                names = [definition.name for definition in defined.definitions]
                return Missed(considered=tuple(Considered(rollup=n, chosen=False, reasons=(reason,)) for n in names))
        raise AssertionError("the third attempt returns")

    def _put_aside(self, route: Route) -> bool:
        """Whether anything that the route reads was damaged; nobody reads it any more."""
        found = [put_aside(self._store, part.definition, part.partitions) for part in route.parts]
        return any(found)

    def route(self, request: StateRequest, terms: Terms = NO_TERMS) -> tuple[Route, Reasons]:
        """How the request would be answered, and what was considered.

        Raises:
            StoreError: the store can't be read.
            SourceError, TimeLimit: the source was to say how fresh all is.
        """
        defined = self._definitions.of(request.bound)
        shape = shape_of(request, defined)
        if terms.known_at is not None:
            return self._route_then(request, defined, shape, terms.known_at)
        route = find(request, shape, self._shelf, self._freshness.wished(request, terms))
        work_out = partial(self._considered, request, defined, shape, route, self._shelf)
        return route, Reasons(work_out, len(defined.definitions) + len(defined.refused))

    def _route_then(
        self, request: StateRequest, defined: Defined, shape: Shape, moment: float
    ) -> tuple[Route, Reasons]:
        """The same among the rollups as readers saw them at a moment, each of which is as fresh as it then was."""
        then = Then(self._manifests, int(request.edges[0]), int(request.edges[-1]), moment)
        shelf = Shelf(then)
        route = find(request, shape, shelf)

        def considered(most: int | None) -> tuple[Considered, ...]:
            found = self._considered(request, defined, shape, route, shelf, most)
            return tuple(then.forgotten.get(one.rollup, one) for one in found)

        return route, Reasons(considered, len(defined.definitions) + len(defined.refused))

    def by_product(self, request: StateRequest, terms: Terms) -> Piece | None:
        """What an answer before left behind, where that would answer a request that no rollup has a part in."""
        found = self._by_products.find(request, terms)
        return None if found is None else _piece(request, found)

    def _from_by_product(self, request: StateRequest, terms: Terms, considered: Reasons) -> Answered | None:
        found = self._by_products.find(request, terms)
        if found is None:
            return None
        began = time.perf_counter()
        frame = self._by_products.read(found, request)
        if frame is None:
            return None
        return Answered(
            frame=frame,
            considered=considered,
            pieces=(_piece(request, found),),
            data_until=found.until,
            missing=missing(int(request.edges[0]), int(request.edges[-1]), found.until),
            milliseconds=(time.perf_counter() - began) * 1e3,
        )

    def from_source(
        self, request: StateRequest, *, time_limit: float, considered: Sequence[Considered] = (), keep: bool = False
    ) -> Answered:
        """The same states, computed from the rows by one statement. `keep`: they are left for the next question like it.

        Raises:
            Refused: a state that can't be computed exactly.
            SourceError, TimeLimit: the source does not answer (in time).
        """
        asking = self._by_products.asking(request) if keep else None
        began = time.perf_counter()
        as_of = _iso_now()
        frame, piece = read_source(self._sql, request, time_limit)
        taken = (time.perf_counter() - began) * 1e3
        span = self._spans.get(request.bound)
        until = span.sealed(request.bound, self._now()) if span else None
        if asking is not None and span is not None and until is not None:
            self._by_products.keep(asking, request, frame, span, until, taken)
        start, end = int(request.edges[0]), int(request.edges[-1])
        asked = ((utc_iso(start), utc_iso(end)),)
        return Answered(
            frame=frame,
            considered=considered,
            pieces=(replace(piece, stretches=asked, measures=request.measures, as_of=as_of),),
            data_until=until,
            missing=missing(start, end, until),
            milliseconds=taken,
        )

    def _considered(
        self, request: StateRequest, defined: Defined, shape: Shape, route: Route, shelf: Shelf, most: int | None
    ) -> tuple[Considered, ...]:
        near = nearest_first(defined.definitions, route)[:most]
        others = [one for one in near if all(one is not cover.definition for cover in route.row.covers)]
        try:
            covers = [*route.row.covers, *shelf.covers(others)]
        except StoreError:
            covers = list(route.row.covers)
        return (*reasons_of(request, shape, near, covers, route), *defined.refused)[:most]

    def _read(self, request: StateRequest, terms: Terms, route: Route, considered: Reasons) -> Answered:
        bound = request.bound
        states = {name: state_for(bound.dataset.measures[name], bound.arguments[name]) for name in request.measures}
        shares: list[Share] = []
        pieces: list[Piece] = []
        taken = 0.0
        for part in route.parts:
            share, piece, milliseconds = self._from_rollup(request, part)
            shares.append(share)
            pieces.append(piece)
            taken += milliseconds
        began = time.perf_counter()
        span: Span | None = None
        if route.open and terms.source:
            fresh = replace(request, bound=self._sql.bind(bound.dataset))
            for measures, stretches in route.open:
                found, piece = self._from_source(replace(fresh, measures=measures), stretches, terms.time_limit)
                shares += found
                pieces.append(piece)
            span = self._spans.get(bound)
        if terms.staleness is not None and terms.source:
            span = self._spans.get(bound, within=terms.staleness)
        frame = merge(shares, request.by, states, len(request.edges) - 1)
        known = known_of(request, terms, route, span, self._now())
        stale = (
            self._freshness.stale([part.cover for part in route.parts], request)
            if terms.staleness is None and terms.known_at is None
            else None
        )
        return Answered(
            frame=frame,
            considered=considered,
            pieces=tuple(pieces),
            data_until=known.until,
            missing=known.missing,
            milliseconds=taken + (time.perf_counter() - began) * 1e3,
            stale=() if stale is None else pairs(stale),
        )

    def _from_rollup(self, request: StateRequest, part: Part) -> tuple[Share, Piece, float]:
        asked = frozenset(part.measures)
        states = {name: state for name, state in part.definition.states.items() if name in asked}
        wanted, places = cut(request, part.stretches)
        self._reads.note(part.definition.id, int(wanted.edges[0]), int(wanted.edges[-1]))
        result = self._reader.read(part.definition, part.partitions, wanted, states)
        piece = Piece(
            by="rollup",
            name=part.definition.name,
            keys=result.keys,
            rows=result.rows,
            bytes=result.bytes,
            versions=part.versions,
            stretches=shown(part.stretches),
            measures=part.measures,
            estimated_keys=part.keys,
            estimated_bytes=part.bytes,
            as_of=None if part.built_at is None else utc_iso(int(part.built_at * 1e6)),
            store=self._store.shown,
        )
        return Share(result.frame, places), piece, result.milliseconds

    def _from_source(self, request: StateRequest, stretches: Stretches, time_limit: float) -> tuple[list[Share], Piece]:
        """A statement for each stretch: none of them reads rows that a rollup serves."""
        shares: list[Share] = []
        statements: list[Piece] = []
        as_of = _iso_now()
        for wanted, places in (cut(request, one) for one in stretches_to_read(stretches)):
            frame, piece = read_source(self._sql, wanted, time_limit)
            shares.append(Share(frame, places))
            statements.append(piece)
        piece = replace(
            statements[0],
            rows=sum(one.rows for one in statements),
            bytes=sum(one.bytes for one in statements),
            sql=";\n".join(one.sql or "" for one in statements),
            jobs=tuple(job for one in statements for job in one.jobs),
            bytes_billed=sum(one.bytes_billed for one in statements),
            slot_ms=sum(one.slot_ms for one in statements),
            stretches=shown(stretches),
            measures=request.measures,
            as_of=as_of,
        )
        return shares, piece


def shape_of(request: StateRequest, defined: Defined) -> Shape:
    """What names the request asks for."""
    filters = tuple(dict.fromkeys(dimensions(request.where))) if request.where else ()
    return defined.shapes.find(tuple(request.measures), tuple(request.by), filters)


def _piece(request: StateRequest, found: Found) -> Piece:
    one = found.one
    return Piece(
        by="by-product",
        name=request.bound.dataset.name,
        keys=1,
        rows=one.rows,
        bytes=one.bytes,
        stretches=((utc_iso(int(request.edges[0])), utc_iso(int(request.edges[-1]))),),
        measures=request.measures,
        as_of=utc_iso(int(one.as_of * 1e6)),
    )


def _iso_now() -> str:
    return utc_iso(int(time.time() * 1e6))
