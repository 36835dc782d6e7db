"""The Query Cache: answers from rollups, builds them, says what it holds."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa

from lapwing.cache.answer import Answered, Missed, missing
from lapwing.cache.bindings import Binding, Bindings
from lapwing.cache.build import Progress
from lapwing.cache.building import Builds
from lapwing.cache.definition import Definition, define
from lapwing.cache.direct import read_source
from lapwing.cache.manifest import Manifest, decode
from lapwing.cache.progress import BuildReport
from lapwing.cache.publish import GRACE
from lapwing.cache.read import Reader, ReadResult
from lapwing.cache.request import StateRequest
from lapwing.cache.route import Route, route
from lapwing.cache.span import Spans
from lapwing.cache.status import RollupStatus
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.values import distinct_values
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, Refused, StoreError, WrongUse
from lapwing.model.project import Project
from lapwing.model.receipt import Considered, Piece, Reason
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService


class Cache:
    """Rollups of a project in a store. Safe to use from several threads."""

    def __init__(self, project: Project, sql: SqlService, store: RollupStore, *, grace: float = GRACE) -> None:
        self._project = project
        self._sql = sql
        self._store = store
        self._reader = Reader(store, self._evaluate)
        self._definitions: dict[int, tuple[BoundDataset, tuple[Definition, ...], tuple[Considered, ...]]] = {}
        self._manifests: dict[bytes, tuple[bytes, Manifest]] = {}
        self._spans = Spans(sql)
        self._bindings = Bindings(sql, store, project.datasets)
        self._builds = Builds(project, sql, store, self._bindings, self._spans, grace=grace)

    def answer(self, request: StateRequest) -> Answered | Missed:
        """States from the cheapest rollup that can answer exactly, or why none can. A store that can't be read is such a
        reason, too: the source then answers."""
        definitions, refused = self._defined(request.bound)
        for attempt in (1, 2):
            try:
                manifests = self._read_manifests(definitions)
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
                reason = Reason(check="store", passed=False, says=problem.message)
                names = [definition.name for definition in definitions]
                return Missed(considered=tuple(Considered(rollup=n, chosen=False, reasons=(reason,)) for n in names))
            return _answered(request, found, (*considered, *refused), result)
        raise AssertionError("the second attempt returns")

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

    def build(
        self,
        which: str | None = None,
        *,
        start: int | None = None,
        end: int | None = None,
        builder: str = "duckdb",
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
        full: bool = False,
    ) -> BuildReport:
        """Builds rollups; see `Builds.build`."""
        return self._builds.build(
            which, start=start, end=end, builder=builder, progress=progress, cancel=cancel, full=full
        )

    def status(self, *, check: bool = True) -> tuple[RollupStatus, ...]:
        """Every rollup of the project; see `Builds.status`."""
        return self._builds.status(check=check)

    def binding(self, dataset_name: str) -> Binding:
        """How the dataset is bound to its data; see `Bindings.get`."""
        return self._bindings.get(dataset_name)

    def bound(self, dataset_name: str) -> BoundDataset:
        """The same where it does not matter whether the source answers."""
        return self._bindings.get(dataset_name).bound

    def span(self, dataset_name: str) -> tuple[int, int] | None:
        """From when to when the dataset has data (UTC microseconds), as the last build saw it; without one, as the source
        says now. None: it has none."""
        bound = self.bound(dataset_name)
        manifests = self._built(bound)
        starts = [m.data_start for m in manifests if m.data_start is not None]
        ends = [m.goal for m in manifests if m.goal is not None]
        if starts and ends:
            return min(starts), max(ends)
        span = self._spans.get(bound)
        return None if span is None else (span.start, span.end)

    def data_until(self, dataset_name: str) -> int | None:
        """Up to when the dataset is complete: in its rollups, or without any in the source."""
        bound = self.bound(dataset_name)
        untils = [m.data_until for m in self._built(bound) if m.data_until is not None]
        if untils:
            return max(untils)
        span = self._spans.get(bound)
        return None if span is None else span.sealed(bound, self._now())

    def version(self, dataset_name: str) -> str:
        """Changes whenever what the dataset's rollups hold was replaced or added to; without rollups, whenever the source
        reaches further."""
        built = self._built(self.bound(dataset_name))
        if not built:
            return f"until {self.data_until(dataset_name)}"
        parts = sorted((m.rollup, m.definition, p.start, p.version, p.sealed) for m in built for p in m.partitions)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def values(self, dataset_name: str, dimension: str, prefix: str = "", limit: int = 100) -> tuple[object, ...]:
        """Values of a dimension in order, those whose text begins with `prefix` (letters' case aside).

        Raises:
            NotFound: the dataset has no such dimension.
        """
        bound = self.bound(dataset_name)
        if dimension not in bound.dimensions:
            near = nearest(dimension, bound.dimensions)
            raise NotFound.of("unknown-dimension", f"{dataset_name} has no dimension {dimension}.", nearest=near)
        definitions, _ = self._defined(bound)
        try:
            manifests = self._read_manifests(definitions)
        except StoreError:
            manifests = {}
        return distinct_values(self._sql, self._reader, bound, definitions, manifests, dimension, prefix, limit)

    def close(self) -> None:
        """Closes the store."""
        self._store.close()

    def _now(self) -> datetime:
        return self._project.now or datetime.now(UTC)

    def _evaluate(self, text: str, table: pa.Table) -> pa.ChunkedArray:
        """A filter's SQL on each row of a table.

        Raises:
            WrongUse: it is no condition, or fails on a value.
        """
        numbered = table.append_column("$number", pa.array(range(table.num_rows), pa.int64()))
        condition = f"CASE WHEN ({text}) THEN TRUE WHEN NOT ({text}) THEN FALSE END"
        statement = f'SELECT "$number", {condition} AS "$keep" FROM given.filtered'
        try:
            answer = self._sql.table(statement, given={"filtered": numbered})
        except (WrongUse, NotFound, Refused) as error:
            why = error.problems[0]
            raise WrongUse.of(
                "bad-filter", f"The filter {text} fails: {why.message}", nearest=why.nearest, hint=why.hint
            ) from error
        return answer.sort_by("$number").column("$keep")

    def _defined(self, bound: BoundDataset) -> tuple[tuple[Definition, ...], tuple[Considered, ...]]:
        """The dataset's rollups as they are defined now, and those that can't be kept with the reason."""
        kept = self._definitions.get(id(bound))
        if kept is not None and kept[0] is bound:
            return kept[1], kept[2]
        definitions: list[Definition] = []
        refused: list[Considered] = []
        for rollup in bound.dataset.rollups.values():
            try:
                definitions.append(define(bound, rollup, self._project.timezone))
            except Refused as error:
                reason = Reason(check="definition", passed=False, says=error.problems[0].message)
                name = f"{bound.dataset.name}.{rollup.name}"
                refused.append(Considered(rollup=name, chosen=False, reasons=(reason,)))
        if len(self._definitions) > 1000:
            self._definitions.clear()
        self._definitions[id(bound)] = (bound, tuple(definitions), tuple(refused))
        return tuple(definitions), tuple(refused)

    def _read_manifests(self, definitions: Sequence[Definition]) -> dict[bytes, Manifest | None]:
        """The manifests as they are in the store now; decoded again only where the row changed."""
        keys = [definition.manifest_key for definition in definitions]
        found: dict[bytes, Manifest | None] = {}
        for key, row in zip(keys, self._store.get(keys) if keys else (), strict=True):
            if row is None:
                found[key] = None
                continue
            known = self._manifests.get(key)
            if known is None or known[0] != row:
                known = (row, decode(row))
                self._manifests[key] = known
            found[key] = known[1]
        return found

    def _built(self, bound: BoundDataset) -> list[Manifest]:
        definitions, _ = self._defined(bound)
        try:
            manifests = self._read_manifests(definitions).values()
        except StoreError:
            return []
        return [manifest for manifest in manifests if manifest is not None and manifest.partitions]


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
