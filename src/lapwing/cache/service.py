"""The Query Cache: answers from rollups, builds them, says what it holds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from lapwing.cache.ancestors import Ancestors
from lapwing.cache.answer import Answered, Missed
from lapwing.cache.answering import NO_TERMS, Answers
from lapwing.cache.auditing import Audits
from lapwing.cache.bindings import Binding, Bindings
from lapwing.cache.building import Builds
from lapwing.cache.byproducts import ByProducts
from lapwing.cache.condition import evaluate_condition
from lapwing.cache.counts import Counted
from lapwing.cache.definition import Definition
from lapwing.cache.definitions import Definitions
from lapwing.cache.distribution import Share, spread
from lapwing.cache.extent import Extents
from lapwing.cache.holdings import Holdings
from lapwing.cache.jobs import JobRecord, Jobs, Remote
from lapwing.cache.ledger import GRACE
from lapwing.cache.looks import Reads
from lapwing.cache.manifests import Manifests
from lapwing.cache.progress import BuildReport, Progress
from lapwing.cache.questions import Questions
from lapwing.cache.read import Reader
from lapwing.cache.request import StateRequest, Terms
from lapwing.cache.route import Route
from lapwing.cache.runs import Run, Why
from lapwing.cache.span import Spans
from lapwing.cache.status import RollupStatus
from lapwing.cache.stopping import stop_job
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.traffic import Traffic
from lapwing.cache.upkeep import Upkeep
from lapwing.cache.values import DimensionValues
from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, NotFound, StoreError
from lapwing.model.project import BeamConfig, Project, SparkConfig
from lapwing.model.receipt import Considered, Piece, Reasons
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService


class Cache:
    """Rollups of a project in a store; `upkeep` looks after them, `audits` compares them with the sources, `questions` is the
    log of what was asked, `traffic` that of what was read. Safe to use from several threads."""

    def __init__(self, project: Project, sql: SqlService, store: RollupStore, *, grace: float = GRACE) -> None:
        self._sql = sql
        self._store = store
        ancestors = Ancestors(store, project.timezone)
        self._definitions = Definitions(project.timezone, ancestors)
        self._manifests = Manifests(store)
        engine, reads = partial(evaluate_condition, sql), Reads()
        self.traffic = Traffic(store)
        self._reader = Reader(store, engine, self.traffic.note)
        self._values = DimensionValues(sql, store, self._reader)
        spans, now = Spans(sql), _clock(project)
        self._bindings = Bindings(sql, store, project.datasets)
        self._by_products = ByProducts(
            sql, store, spans, engine, now, zone=project.timezone, budget=project.by_product_bytes
        )
        self._answers = Answers(
            sql, store, self._definitions, self._manifests, self._reader, spans, self._by_products, now, reads
        )
        self._extents = Extents(self._definitions, self._manifests, spans, now)
        self.questions = Questions(store)
        self.upkeep = Upkeep(project, store, self._bindings)
        self.audits = Audits(project, sql, store, self._bindings, self._definitions, engine, reads)
        self._builds = Builds(project, sql, store, self._bindings, spans, ancestors, grace=grace)

    def answer(self, request: StateRequest, terms: Terms = NO_TERMS) -> Answered | Missed:
        """States from rollups, or why not; see `Answers.answer`."""
        return self._answers.answer(request, terms)

    def route(self, request: StateRequest, terms: Terms = NO_TERMS) -> tuple[Route, Reasons]:
        """How a request would be answered; see `Answers.route`."""
        return self._answers.route(request, terms)

    def by_product(self, request: StateRequest, terms: Terms = NO_TERMS) -> Piece | None:
        """What an answer from the source left behind that would answer, where no rollup does."""
        return self._answers.by_product(request, terms)

    def from_source(
        self, request: StateRequest, *, time_limit: float, considered: Sequence[Considered] = (), keep: bool = False
    ) -> Answered:
        """The same states from the rows; see `Answers.from_source`."""
        return self._answers.from_source(request, time_limit=time_limit, considered=considered, keep=keep)

    def settle(self, seconds: float = 10.0) -> bool:
        """Waits, for so long at most, until all is kept that answers left to be kept; whether it is."""
        return self._by_products.wait(seconds)

    def build(
        self,
        which: str | Sequence[str] | None = None,
        *,
        start: int | None = None,
        end: int | None = None,
        builder: str = "duckdb",
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
        full: bool = False,
        parallel: int = 1,
        why: Why = Why.ASKED,
        memory: int | None = None,
        beam: BeamConfig | None = None,
        spark: SparkConfig | None = None,
        detach: bool = False,
    ) -> BuildReport:
        """Builds rollups; see `Builds.build`."""
        return self._builds.build(
            which,
            start=start,
            end=end,
            builder=builder,
            progress=progress,
            cancel=cancel,
            full=full,
            parallel=parallel,
            why=why,
            memory=memory,
            beam=beam,
            spark=spark,
            detach=detach,
        )

    def status(self, *, check: bool = True) -> tuple[RollupStatus, ...]:
        """Every rollup of the project; see `Builds.status`."""
        return self._builds.status(check=check)

    @property
    def jobs(self) -> Jobs:
        """Builds that took more than a moment, in this process and others."""
        return self._builds.jobs

    def cancel_job(self, name: str, *, wait: float = 10.0) -> JobRecord:
        """Stops a build, wherever it runs; see `stop_job`."""
        from lapwing.cache.builders.beam.dataflow_api import cancel

        return stop_job(self._store, self.jobs, name, cancel, wait=wait)

    def remote_state(self, remote: Remote) -> str:
        """What becomes of work elsewhere, in a word, or why that can't be told."""
        from lapwing.cache.builders.beam.dataflow_api import state_of

        try:
            return state_of(remote)
        except LapwingError as error:
            return f"not known ({error.problems[0].message})"

    def runs(self, which: str | None = None) -> tuple[Run, ...]:
        """What built rollups, or tried to; see `Builds.runs`."""
        return self._builds.runs(which)

    def counted(self) -> Counted:
        """How questions were answered since this cache was opened."""
        return self._answers.counts.read()

    def as_of(self, names: Sequence[str]) -> dict[str, float | None]:
        """Of which moment rollups are; see `Builds.as_of`."""
        return self._builds.as_of(names)

    def binding(self, dataset_name: str, *, kept: bool = False) -> Binding:
        """How the dataset is bound to its data; see `Bindings.get`."""
        return self._bindings.get(dataset_name, kept=kept)

    def bound(self, dataset_name: str) -> BoundDataset:
        """The same where it does not matter whether the source answers."""
        return self._bindings.get(dataset_name).bound

    def span(self, dataset_name: str, terms: Terms = NO_TERMS) -> tuple[int, int] | None:
        """From when to when the dataset has data (UTC microseconds); see `Extents.span`."""
        return self._extents.span(self.binding(dataset_name, kept=not terms.source).bound, terms)

    def data_until(self, dataset_name: str) -> int | None:
        """Up to when the dataset is complete; see `Extents.data_until`."""
        return self._extents.data_until(self.bound(dataset_name))

    def version(self, dataset_name: str) -> str:
        """Changes whenever the dataset's answers may; see `Extents.version`."""
        return self._extents.version(self.bound(dataset_name))

    def holdings(self, dataset_name: str) -> Holdings:
        """Which versions of which partitions its rollups hold; see `Extents.holdings`."""
        return self._extents.holdings(self.bound(dataset_name))

    def values(self, dataset_name: str, dimension: str, prefix: str = "", limit: int = 100) -> tuple[object, ...]:
        """Values of a dimension in order, those whose text begins with `prefix` (letters' case aside).

        Raises:
            NotFound: the dataset has no such dimension.
        """
        bound = self.bound(dataset_name)
        if dimension not in bound.dimensions:
            near = nearest(dimension, bound.dimensions)
            raise NotFound.of("unknown-dimension", f"{dataset_name} has no dimension {dimension}.", nearest=near)
        definitions = self._definitions.of(bound).definitions
        try:
            manifests = self._manifests.read(definitions)
        except StoreError:
            manifests = {}
        return self._values.of(bound, definitions, manifests, dimension, prefix, limit)

    def definitions(self, dataset_name: str) -> tuple[Definition, ...]:
        """The dataset's rollups that can be kept, with their ancestors."""
        return self._definitions.of(self.bound(dataset_name)).definitions

    def spread(self, definition: Definition) -> tuple[Share, ...]:
        """How a rollup's rows are spread over the values of its first dimension; see `distribution.spread`."""
        manifest = self._manifests.read([definition])[definition.manifest_key]
        partitions = () if manifest is None else manifest.partitions
        return spread(definition, partitions, partial(self._reader.directory, definition))

    def revision(self) -> object:
        """That of the store; see `RollupStore.get_since`."""
        try:
            return self._store.get_since(None, ())[0]
        except StoreError:
            return None

    def close(self) -> None:
        """Closes the store, once what was left to be kept is in it."""
        self.settle()
        self.questions.flush()
        self.traffic.flush()
        self._store.close()


def _clock(project: Project) -> Callable[[], datetime]:
    return lambda: project.now or datetime.now(UTC)
