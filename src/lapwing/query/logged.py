"""Notes each metric question in the log: only what advice on rollups is made of, and only what costs next to nothing."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from math import gcd

import numpy as np

from lapwing.cache.filter import parse_where
from lapwing.cache.predicate import dimensions
from lapwing.cache.questions import Questions, Shape
from lapwing.model.calendar import DAY
from lapwing.model.receipt import Piece, Receipt
from lapwing.query.ask import MetricQuery
from lapwing.query.resolve import Buckets
from lapwing.query.table import Part
from lapwing.sql.bound import BoundDataset

_MOST_FILTERS = 1_024
_SAMPLED = 8
"""Of answers from rollups with filters not read yet, one in so many is counted, as so many."""
_turn = itertools.count()
_filters: dict[str, tuple[str, ...]] = {}
"""The dimensions that filters name, by their text."""


def note(
    questions: Questions,
    query: MetricQuery,
    step: Buckets,
    bound: Mapping[str, BoundDataset],
    parts: Mapping[str, Part],
    receipt: Receipt,
) -> None:
    """Counts a question that was answered as the receipt says. One that asks about the past, or for the source in any case,
    is no sign of a rollup that lacks."""
    if not query.wishes.cache or receipt.as_known_at is not None:
        return
    served = _served(receipt.pieces)
    hit, weight = served == "rollup", 1
    if hit and query.where and query.where not in _filters:
        if next(_turn) % _SAMPLED:
            return
        weight = _SAMPLED
    asked = int(step.edges[-1] - step.edges[0])
    shape = Shape(query.metrics, query.by, query.grain, receipt.zone, _filtered(query.where, bound), served)
    took = receipt.milliseconds["total"]
    if hit:
        questions.note(shape, took, asked, count=weight)
        return
    pieces = [piece for piece in receipt.pieces if piece.by == "source"]
    edges = [reading.edges for part in parts.values() for reading in part.times.readings]
    border = gcd(DAY, *(int(np.gcd.reduce(one)) for one in edges))
    rows, size = sum(piece.rows for piece in pieces), sum(piece.bytes for piece in pieces)
    questions.note(shape, took, asked, rows=rows, size=size, step=border)


def _served(pieces: tuple[Piece, ...]) -> str:
    if len(pieces) == 1:
        return pieces[0].by
    return "+".join(sorted({piece.by for piece in pieces})) or "nothing"


def _filtered(where: str | None, bound: Mapping[str, BoundDataset]) -> tuple[str, ...]:
    if not where or not where.strip():
        return ()
    found = _filters.get(where)
    if found is None:
        types = next(iter(bound.values())).dimensions
        if len(_filters) >= _MOST_FILTERS:
            _filters.clear()
        found = _filters[where] = tuple(sorted(set(dimensions(parse_where(where, types)))))
    return found
