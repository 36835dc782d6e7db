"""What is known of an answer's time: up to when it is complete, and which stretches are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from lapwing.cache.request import StateRequest, Terms
from lapwing.cache.route import Route
from lapwing.cache.span import Span
from lapwing.cache.times import EVER, Stretches, minus, one, pairs, union
from lapwing.model.calendar import utc_iso

MOST_STATEMENTS = 8


@dataclass(frozen=True, slots=True)
class Known:
    """As in `Answered`."""

    until: int | None
    missing: tuple[tuple[int, int], ...]


def known_of(request: StateRequest, terms: Terms, route: Route, span: Span | None, now: datetime) -> Known:
    """`span` is the source's, where it was asked."""
    start, end = int(request.edges[0]), int(request.edges[-1])
    sealed = None if span is None else span.sealed(request.bound, now)
    rows = [np.empty((0, 2), np.int64)]
    for part in route.parts:
        if terms.staleness is not None and terms.source:
            rows.append(_after(part.stretches, sealed))
        else:
            rows.append(minus(part.stretches, part.cover.known))
    for _, stretches in route.open:
        rows.append(_after(stretches, sealed) if terms.source else stretches)
    missing = union(np.concatenate(rows))
    if len(missing) and missing[0, 0] > start:
        return Known(int(missing[0, 0]), pairs(missing))
    untils = [part.cover.manifest.data_until for part in route.parts if part.cover.manifest.goal is not None]
    if sealed is not None:
        untils = [*untils, sealed] if terms.staleness is None else [sealed]
    known = [until for until in untils if until is not None]
    if not len(missing):
        return Known(max(end, *known) if known else None, ())
    return Known(min(start, *known) if known else None, pairs(missing))


def _after(stretches: Stretches, moment: int | None) -> Stretches:
    """What of them lies after the moment; all where there is none."""
    return stretches if moment is None else minus(stretches, one(-EVER, moment))


def shown(stretches: Stretches) -> tuple[tuple[str, str], ...]:
    """As people read them."""
    return tuple((utc_iso(start), utc_iso(end)) for start, end in pairs(stretches))


def stretches_to_read(stretches: Stretches) -> Iterator[Stretches]:
    """The stretches, each to be asked of the source by itself; where they are many, near ones together."""
    if len(stretches) <= MOST_STATEMENTS:
        yield from np.split(stretches, len(stretches))
        return
    gaps = stretches[1:, 0] - stretches[:-1, 1]
    cuts = np.sort(np.argsort(-gaps, kind="stable")[: MOST_STATEMENTS - 1]) + 1
    yield from np.split(stretches, cuts)
