"""How a metric query would be answered: found out without reading a row. Sources that charge by bytes are asked how many."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from lapwing.cache.cut import cut
from lapwing.cache.direct import estimate
from lapwing.cache.known import shown, stretches_to_read
from lapwing.cache.request import StateRequest, Terms
from lapwing.cache.route import Route
from lapwing.cache.service import Cache
from lapwing.model.calendar import utc_iso
from lapwing.model.problem import StoreError
from lapwing.model.project import Project
from lapwing.model.receipt import Considered, Piece, Reasons, considered_as_dicts, flat
from lapwing.query.answer import plan, request_of
from lapwing.query.ask import MetricQuery
from lapwing.query.moments import by_moments
from lapwing.query.resolve import on_calendar, resolve
from lapwing.query.wished import terms_of
from lapwing.sql.service import SqlService


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """As in `Receipt`; `pieces` say what each would answer and what that is estimated to read."""

    asked: str
    start: str
    end: str
    zone: str
    grain: str | None
    pieces: tuple[Piece, ...]
    considered: Sequence[Considered]
    notes: tuple[str, ...]
    milliseconds: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        plain["pieces"] = [flat(piece) for piece in self.pieces]
        plain["considered"] = considered_as_dicts(self.considered)
        return plain


def explain(query: MetricQuery, *, project: Project, sql: SqlService, cache: Cache, now: datetime) -> Explained:
    """How `query` would be answered now. Raises as `answer`."""
    began = time.perf_counter()
    query = on_calendar(query, project)
    resolved = resolve(query, project, now)
    asked = plan(query, resolved, project=project, sql=sql, cache=cache)
    planned = time.perf_counter()
    terms = terms_of(query.wishes, resolved.known_at)
    pieces: list[Piece] = []
    considered: list[Sequence[Considered]] = []
    notes: list[str] = []
    for name, times in asked.times.items():
        measures = tuple(dict.fromkeys(ref.measure for ref in times.taken))
        for reading in times.readings:
            request = request_of(query, measures, asked.bound[name], reading)
            everything = ((utc_iso(int(request.edges[0])), utc_iso(int(request.edges[-1]))),)
            source = Piece(by="source", name=name, stretches=everything, measures=measures)
            if not query.wishes.cache or by_moments(query.by, asked.bound[name].dataset):
                pieces.append(_charged(source, request, sql))
                continue
            try:
                route, reasons = cache.route(request, terms)
            except StoreError as error:
                notes.append(str(error.problems[0]))
                pieces += [_charged(source, request, sql)] if terms.source else []
                continue
            considered.append(reasons)
            kept = None if route.parts else cache.by_product(request, terms)
            if kept is not None:
                pieces.append(kept)
                continue
            pieces += _pieces(name, route, terms, request, sql)
            notes += _notes(name, route, terms)
    routed = time.perf_counter()
    return Explained(
        asked=", ".join(resolved.metrics),
        start=utc_iso(int(asked.step.edges[0])),
        end=utc_iso(int(asked.step.edges[-1])),
        zone=resolved.zone,
        grain=str(query.grain) if query.grain else None,
        pieces=tuple(pieces),
        considered=Reasons.joined(considered),
        notes=tuple(notes),
        milliseconds={"plan": (planned - began) * 1e3, "route": (routed - planned) * 1e3},
    )


def _charged(piece: Piece, request: StateRequest, sql: SqlService) -> Piece:
    """The piece with the bytes that the source would bill for it, where it bills for bytes."""
    return replace(piece, estimated_bytes=estimate(sql, replace(request, measures=piece.measures)))


def _pieces(dataset: str, route: Route, terms: Terms, request: StateRequest, sql: SqlService) -> Iterator[Piece]:
    for part in route.parts:
        yield Piece(
            by="rollup",
            name=part.definition.name,
            versions=tuple(f"{partition.version}" for partition in part.partitions),
            stretches=shown(part.stretches),
            measures=part.measures,
            estimated_keys=part.keys,
            estimated_bytes=part.bytes,
            as_of=utc_iso(int(min(p.built_at for p in part.partitions) * 1e6)) if part.partitions else None,
        )
    for measures, stretches in route.open if terms.source else ():
        asked = replace(request, measures=measures)
        charged = [estimate(sql, cut(asked, one)[0]) for one in stretches_to_read(stretches)]
        yield Piece(
            by="source",
            name=dataset,
            stretches=shown(stretches),
            measures=measures,
            estimated_bytes=sum(one for one in charged if one is not None) if any(charged) else None,
        )


def _notes(dataset: str, route: Route, terms: Terms) -> Iterator[str]:
    if terms.source:
        return
    for measures, stretches in route.open:
        spans = ", ".join(f"{start} to {end}" for start, end in shown(stretches))
        yield f"No rollup has {', '.join(measures)} of {dataset} from {spans}; that would be missing."
