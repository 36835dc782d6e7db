"""By-products of a project: kept aside after an answer from the source, and asked before the source is asked again.

None is ever older than its source. It is used where the source says now that nothing of its time has changed since just
before it was read, by the marks that builds go by; or where the caller takes what is so old.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from lapwing.cache.aside import Aside
from lapwing.cache.byproduct import ByProduct, Question, conditions, folded, listed, names_of
from lapwing.cache.byproduct_index import Index
from lapwing.cache.byproduct_rows import decode_states, encode_states
from lapwing.cache.filter import UNSTEADY
from lapwing.cache.frame import StateFrame
from lapwing.cache.marks import Marks, Tables
from lapwing.cache.predicate import Predicate
from lapwing.cache.recent import Recent
from lapwing.cache.request import StateRequest, Terms
from lapwing.cache.span import Span, Spans
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.cell import DIGEST_BYTES
from lapwing.cache.stores.limits import MOST_VALUE_BYTES
from lapwing.cache.truth import Engine
from lapwing.model.calendar import covers
from lapwing.model.hashing import dataset_hash
from lapwing.model.problem import LapwingError, StoreError
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService
from lapwing.states import state_for

_FORMAT: Final = 1
_WAITING: Final = 8
"""Answers whose states wait to be kept; those of more are let go."""
_TRIED: Final = 3
_FRAMES_BYTES: Final = 32 << 20
_MOST_NOTED: Final = 1_000
_SHARE: Final = 4
"""One takes at most such a part of all the room."""

_UNSTEADY = re.compile(rf"\b(?:{'|'.join(sorted(UNSTEADY))})\b", re.IGNORECASE)

Key = tuple[bytes, tuple[str, ...], int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A by-product that may answer a request, what is left to filter by, and up to when all is complete."""

    one: ByProduct
    rest: Predicate
    until: int


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """What was known just before the source was asked: the mark of the asked time; None where to ask for it would have
    taken a while, and nobody had."""

    meaning: bytes
    mark: str | None
    as_of: float


class ByProducts:
    """Safe to use from several threads."""

    def __init__(
        self,
        sql: SqlService,
        store: RollupStore,
        spans: Spans,
        engine: Engine,
        now: Callable[[], datetime],
        *,
        zone: str,
        budget: int,
    ) -> None:
        self._sql = sql
        self._spans = spans
        self._now = now
        self._engine = engine
        self._zone = zone
        self._budget = budget
        self._index = Index(store, budget)
        self._aside = Aside("lapwing-by-products", _WAITING)
        self._frames: Recent[tuple[ByProduct, StateFrame]] = Recent(min(budget, _FRAMES_BYTES))
        self._meanings: dict[str, tuple[BoundDataset, bytes, Tables]] = {}
        self._said: dict[bytes, float] = {}
        self._noted: dict[Key, str] = {}
        self._whole: dict[str, tuple[bytes, str, Span | None]] = {}
        self._steadies: dict[str, tuple[BoundDataset, bool]] = {}
        self._swept = False

    def find(self, request: StateRequest, terms: Terms) -> Found | None:
        """One that answers all of the request, and is as new as the terms ask for. What the source says has changed is let
        go of."""
        if not self._budget or terms.known_at is not None or (not terms.source and terms.staleness is None):
            return None
        question, tried = Question.of(request), 0
        try:
            for one in self._index.of(self._meaning(request.bound)[0]):
                rest = one.rest(question)
                if rest is None or not one.fits(request.edges, one.span):
                    continue
                tried += 1
                until = self._until(request, terms, one)
                if until is not None:
                    return Found(one, rest, until)
                if tried == _TRIED:
                    break
        except LapwingError:
            pass  # neither the store nor the source's mark: who asks the source next is told why
        return None

    def read(self, found: Found, request: StateRequest) -> StateFrame | None:
        """The states asked; None where they are gone, or damaged, and then removed."""
        one, bound = found.one, request.bound
        states = {
            name: state_for(bound.dataset.measures[name], bound.arguments[name]) for name in names_of(request.measures)
        }
        known = self._frames.get(one.id)
        if known is None or known[0] is not one:
            try:
                row = self._index.states(one)
                if row is None:
                    self._index.drop(one)
                    return None
                known = one, decode_states(row, one)
            except StoreError as error:
                if error.problems[0].code == "store-damaged":
                    self._let_go(one)
                return None
            self._frames.put(one.id, known, _size(known[1]))
        self._index.used(one)
        return folded(known[1], one.edges, request, found.rest, states, self._engine)

    def asking(self, request: StateRequest) -> Asking | None:
        """To be called just before the source is asked; None where nothing is kept."""
        bound, now = request.bound, time.time()
        start, end = int(request.edges[0]), int(request.edges[-1])
        if not self._budget or not covers(start, end):
            return None
        meaning, tables = self._meaning(bound)
        try:
            others = self._others(bound, request.measures)
            if not all(map(self._steady, (bound, *others))):
                return None
            marks = Marks(self._sql, tables)
            if all(map(marks.quick, (bound, *others))):
                mark: str | None = _mark(marks, bound, others, start, end)
            else:
                mark = self._noted.get((meaning, request.measures if others else (), start, end))
        except LapwingError:
            return None  # the source will say why
        return Asking(meaning, mark, now)

    def keep(
        self, asking: Asking, request: StateRequest, frame: StateFrame, span: Span, until: int, milliseconds: float
    ) -> None:
        """Leaves what the source answered to be kept. Returns at once."""
        self._aside.do(lambda: self._quietly(lambda: self._keep(asking, request, frame, span, until, milliseconds)))

    def wait(self, seconds: float = 10.0) -> bool:
        """Until all that was left is kept, for so long at most."""
        return self._aside.wait(seconds)

    def _until(self, request: StateRequest, terms: Terms, one: ByProduct) -> int | None:
        """Up to when all is complete that it answers; None where it is too old."""
        inside = one.inside(request.edges)
        confirmed = max(one.as_of, self._said.get(one.id, 0.0) if inside else 0.0)
        if terms.staleness is not None and time.time() - confirmed <= terms.staleness:
            return one.until
        if not terms.source:
            return None
        marks = Marks(self._sql, self._meaning(request.bound)[1])
        span = self._spans.get(request.bound) if inside else self._span(request.bound, marks)
        now = time.time()
        others = self._others(request.bound, one.measures)
        mark = _mark(marks, request.bound, others, one.start, one.end)
        if mark != one.mark or span is None:
            self._let_go(one)
            return None
        if not one.fits(request.edges, (span.start, span.end)):
            return None
        if len(self._said) > _MOST_NOTED:
            self._said.clear()
        self._said[one.id] = now
        return span.sealed(request.bound, self._now())

    def _span(self, bound: BoundDataset, marks: Marks) -> Span | None:
        """The dataset's span now: what lies beyond a by-product's own time its mark does not tell. The source is asked where
        anything has changed since it said so."""
        if not marks.quick(bound):
            return self._spans.renew(bound)
        meaning, mark = self._meaning(bound)[0], marks.whole(bound)
        known = self._whole.get(bound.dataset.name)
        if known is None or known[:2] != (meaning, mark):
            known = self._whole[bound.dataset.name] = (meaning, mark, self._spans.renew(bound))
        return known[2]

    def _keep(
        self, asking: Asking, request: StateRequest, frame: StateFrame, span: Span, until: int, milliseconds: float
    ) -> None:
        if not self._swept:
            self._swept = True
            self._index.sweep()
        start, end = int(request.edges[0]), int(request.edges[-1])
        others = self._others(request.bound, request.measures)
        if not all(map(Marks(self._sql, self._meaning(request.bound)[1]).quick, (request.bound, *others))):
            mark = _mark(Marks(self._sql), request.bound, others, start, end)
            if len(self._noted) >= _MOST_NOTED:
                self._noted.clear()
            self._noted[asking.meaning, request.measures if others else (), start, end] = mark
            if mark != asking.mark:
                return  # nobody knows whether the rows were these; if nothing changes, the next answer will
        if asking.mark is None or _size(frame) > MOST_VALUE_BYTES:
            return
        states = encode_states(frame)
        if len(states) * _SHARE > self._budget:
            return
        asked = conditions(request.where)
        names = names_of(request.measures)
        one = ByProduct(
            id=_id(asking.meaning, names, request, list(asked)),
            meaning=asking.meaning,
            measures=names,
            by=request.by,
            conditions={text: listed(part) for text, part in asked.items()},
            edges=request.edges,
            mark=asking.mark,
            digest=states[:DIGEST_BYTES].hex(),
            as_of=asking.as_of,
            span=(span.start, span.end),
            until=until,
            cost=milliseconds,
            bytes=len(states) + request.edges.nbytes,
            rows=len(frame.group),
        )
        self._index.add(one, states)

    def _let_go(self, one: ByProduct) -> None:
        """Nobody uses it any more here from now on; the store follows."""
        self._quietly(lambda: self._index.drop(one))

    def _quietly(self, work: Callable[[], None]) -> None:
        """What is only kept to be quick may fail: the source answers."""
        try:
            work()
        except LapwingError:
            return

    def _others(self, bound: BoundDataset, measures: Iterable[str]) -> list[BoundDataset]:
        """The rows that rows of these measures are followed by: more that an answer depends on."""
        return [one.rows for one in self._sql.followed(bound, measures).values()]

    def _steady(self, bound: BoundDataset) -> bool:
        """Whether its rows and values stay while its tables do: no mark tells of a dataset that asks the clock."""
        known = self._steadies.get(bound.dataset.name)
        if known is None or known[0] is not bound:
            texts = (bound.relation, bound.time_column, *bound.expressions.values())
            made = (*bound.argument_sql.values(), *bound.filters.values())
            steady = not any(text and _UNSTEADY.search(text) for text in (*texts, *made))
            known = self._steadies[bound.dataset.name] = (bound, steady)
        return known[1]

    def _meaning(self, bound: BoundDataset) -> tuple[bytes, Tables]:
        """What stands for the dataset as it is defined and bound, and the tables that its rows come from."""
        known = self._meanings.get(bound.dataset.name)
        if known is None or (known[0] is not bound and known[0] != bound):
            written = {field.name: getattr(bound, field.name) for field in fields(bound) if field.name != "dataset"}
            meaning = [_FORMAT, bound.dataset.name, dataset_hash(bound.dataset), written, self._zone]
            digest = hashlib.sha256(json.dumps(meaning, sort_keys=True).encode("utf-8", "surrogatepass")).digest()[:16]
            known = self._meanings[bound.dataset.name] = (bound, digest, {})
        return known[1], known[2]


def _mark(marks: Marks, bound: BoundDataset, others: Iterable[BoundDataset], start: int, end: int) -> str:
    """What changes when an answer may; what happens to `others` may count at any time."""
    return " ".join([marks.mark(bound, start, end), *map(marks.whole, others)])


def _id(meaning: bytes, measures: tuple[str, ...], request: StateRequest, asked: list[str]) -> bytes:
    """The same for the same question again."""
    text = json.dumps([sorted(measures), sorted(request.by), sorted(asked)]).encode("utf-8", "surrogatepass")
    return hashlib.sha256(meaning + text + request.edges.tobytes()).digest()[:16]


def _size(frame: StateFrame) -> int:
    columns = {id(one): one for one in frame.states.values()}.values()
    arrays = sum(array.nbytes for one in columns for array in one.values())
    return int(arrays + frame.group.nbytes + frame.bucket.nbytes + frame.groups.nbytes)
