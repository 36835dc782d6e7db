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
from lapwing.cache.build import DatasetBuild, Progress, Task, Totals, plan
from lapwing.cache.builders import builder_of
from lapwing.cache.definition import Definition, define
from lapwing.cache.direct import read_source
from lapwing.cache.manifest import Manifest, decode
from lapwing.cache.marks import Marks
from lapwing.cache.progress import BuildReport, RollupBuilt
from lapwing.cache.publish import GRACE, Ledger, all_manifests
from lapwing.cache.reach import check_reach
from lapwing.cache.read import Reader, ReadResult
from lapwing.cache.request import StateRequest
from lapwing.cache.route import Route, route
from lapwing.cache.span import Span, source_span
from lapwing.cache.status import RollupStatus, status_of
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.values import distinct_values
from lapwing.model.dataset import Rollup
from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, NotFound, Refused, StoreError, WrongUse
from lapwing.model.project import Project
from lapwing.model.receipt import Considered, Piece, Reason
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService

_SPAN_KEPT = 10.0  # seconds for which the source's first and last moment are not asked again
_SPAN_LIMIT = 60.0


class Cache:
    """Rollups of a project in a store. Safe to use from several threads."""

    def __init__(self, project: Project, sql: SqlService, store: RollupStore, *, grace: float = GRACE) -> None:
        self._project = project
        self._sql = sql
        self._store = store
        self._grace = grace
        self._reader = Reader(store, self._evaluate)
        self._definitions: dict[int, tuple[BoundDataset, tuple[Definition, ...], tuple[Considered, ...]]] = {}
        self._manifests: dict[bytes, tuple[bytes, Manifest]] = {}
        self._spans: dict[str, tuple[float, Span | None]] = {}
        self._bindings = Bindings(sql, store, project.datasets)

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
        span = self._source_span(request.bound)
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
        """Builds the rollups called `which` (a dataset, `dataset.rollup`; None: all), partitions that overlap
        `[start, end)` (UTC microseconds) and changed; with `full` the unchanged ones, too.

        Raises:
            NotFound: no rollup of that name.
            Refused: a rollup that can't be kept as it is defined or whose data reaches too far in time, or a builder that
                does not exist yet.
            Cancelled, StoreError, SourceError: it stopped; what was built until then stays and is readable.
        """
        began = time.perf_counter()
        made = builder_of(builder, self._sql)
        cancel = cancel or threading.Event()
        marks = self._marks()
        tasks: list[list[Task]] = []
        for dataset, rollups in self._named(which).items():
            bound = self._bindings.renew(dataset)
            span = source_span(self._sql, bound, _SPAN_LIMIT)
            self._spans[dataset] = (time.monotonic(), span)
            if span is not None:
                check_reach(self._sql, bound, rollups, span, _SPAN_LIMIT)
            defined = [define(bound, rollup, self._project.timezone) for rollup in rollups]
            tasks.append([plan(one, span, Ledger(self._store, one).read(), start, end) for one in defined])
        every = [task for of_dataset in tasks for task in of_dataset]
        totals = Totals(sum(len(task.partitions) for task in every), progress or (lambda _: None))
        done: list[RollupBuilt] = []
        for of_dataset in tasks:
            work = DatasetBuild(self._store, made, of_dataset, now=self._now(), full=full, grace=self._grace)
            done += work.run(marks, totals, cancel)
        self._remove_old({task.definition.name: task.definition.hash for task in every})
        return BuildReport(rollups=tuple(done), seconds=time.perf_counter() - began)

    def status(self, *, check: bool = True) -> tuple[RollupStatus, ...]:
        """Every rollup of the project; with `check` the sources are asked whether they changed."""
        marks = self._marks() if check else None
        found: list[RollupStatus] = []
        for dataset in self._project.datasets.values():
            for rollup in dataset.rollups.values():
                try:
                    definition = define(self.bound(dataset.name), rollup, self._project.timezone)
                    found.append(status_of(definition, Ledger(self._store, definition).read(), marks))
                except LapwingError as error:
                    found.append(_refused_status(dataset.name, rollup, error))
        return tuple(found)

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
        span = self._source_span(bound)
        return None if span is None else (span.start, span.end)

    def data_until(self, dataset_name: str) -> int | None:
        """Up to when the dataset is complete: in its rollups, or without any in the source."""
        bound = self.bound(dataset_name)
        untils = [m.data_until for m in self._built(bound) if m.data_until is not None]
        if untils:
            return max(untils)
        span = self._source_span(bound)
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

    def _marks(self) -> Marks:
        return Marks(self._sql)

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

    def _source_span(self, bound: BoundDataset) -> Span | None:
        known = self._spans.get(bound.dataset.name)
        if known is not None and time.monotonic() - known[0] < _SPAN_KEPT:
            return known[1]
        span = source_span(self._sql, bound, _SPAN_LIMIT)
        self._spans[bound.dataset.name] = (time.monotonic(), span)
        return span

    def _named(self, which: str | None) -> dict[str, list[Rollup]]:
        """Rollups by dataset."""
        every = {
            f"{dataset.name}.{rollup.name}": (dataset.name, rollup)
            for dataset in self._project.datasets.values()
            for rollup in dataset.rollups.values()
        }
        chosen = {name: one for name, one in every.items() if which in (None, name, one[0])}
        if not chosen and which is not None and which not in self._project.datasets:
            names = [*every, *self._project.datasets]
            raise NotFound.of("unknown-rollup", f"There is no rollup {which}.", nearest=nearest(which, names))
        found: dict[str, list[Rollup]] = {}
        for dataset_name, rollup in chosen.values():
            found.setdefault(dataset_name, []).append(rollup)
        return found

    def _remove_old(self, current: dict[str, str]) -> None:
        """Removes rollups of definitions no longer in use, once nobody can be reading them."""
        for key, manifest in all_manifests(self._store):
            definition = current.get(manifest.rollup)
            idle = time.time() - manifest.changed_at >= self._grace
            if definition is not None and definition != manifest.definition and idle:
                Ledger.remove(self._store, key, manifest)


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


def _refused_status(dataset: str, rollup: Rollup, error: LapwingError) -> RollupStatus:
    return RollupStatus(
        name=f"{dataset}.{rollup.name}",
        dataset=dataset,
        rollup=rollup.name,
        grain=str(rollup.grain),
        dimensions=rollup.dimensions,
        measures=rollup.measures,
        refused=error.problems[0].message,
    )
