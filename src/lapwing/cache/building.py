"""Builds the rollups of a project, and says what is kept of each."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from lapwing.cache.bindings import Bindings
from lapwing.cache.build import DatasetBuild, Progress, Task, Totals, plan
from lapwing.cache.builders import builder_of
from lapwing.cache.definition import define
from lapwing.cache.marks import Marks
from lapwing.cache.progress import BuildReport, RollupBuilt
from lapwing.cache.publish import Ledger, all_manifests
from lapwing.cache.reach import check_reach
from lapwing.cache.span import SPAN_LIMIT, Spans
from lapwing.cache.status import RollupStatus, status_of
from lapwing.cache.stores.base import RollupStore
from lapwing.model.dataset import Rollup
from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, NotFound
from lapwing.model.project import Project
from lapwing.sql.service import SqlService


class Builds:
    """Building, for a `Cache`. Safe to use from several threads."""

    def __init__(
        self,
        project: Project,
        sql: SqlService,
        store: RollupStore,
        bindings: Bindings,
        spans: Spans,
        *,
        grace: float,
    ) -> None:
        self._project = project
        self._sql = sql
        self._store = store
        self._bindings = bindings
        self._spans = spans
        self._grace = grace

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
        marks = Marks(self._sql)
        tasks: list[list[Task]] = []
        for dataset, rollups in self._named(which).items():
            bound = self._bindings.renew(dataset)
            span = self._spans.renew(bound)
            if span is not None:
                check_reach(self._sql, bound, rollups, span, SPAN_LIMIT)
            defined = [define(bound, rollup, self._project.timezone) for rollup in rollups]
            tasks.append([plan(one, span, Ledger(self._store, one).read(), start, end) for one in defined])
        every = [task for of_dataset in tasks for task in of_dataset]
        totals = Totals(sum(len(task.partitions) for task in every), progress or (lambda _: None))
        done: list[RollupBuilt] = []
        now = self._project.now or datetime.now(UTC)
        for of_dataset in tasks:
            work = DatasetBuild(self._store, made, of_dataset, now=now, full=full, grace=self._grace)
            done += work.run(marks, totals, cancel)
        self._remove_old({task.definition.name: task.definition.hash for task in every})
        return BuildReport(rollups=tuple(done), seconds=time.perf_counter() - began)

    def status(self, *, check: bool = True) -> tuple[RollupStatus, ...]:
        """Every rollup of the project; with `check` the sources are asked whether they changed."""
        marks = Marks(self._sql) if check else None
        found: list[RollupStatus] = []
        for dataset in self._project.datasets.values():
            for rollup in dataset.rollups.values():
                try:
                    definition = define(self._bindings.get(dataset.name).bound, rollup, self._project.timezone)
                    found.append(status_of(definition, Ledger(self._store, definition).read(), marks))
                except LapwingError as error:
                    found.append(_refused_status(dataset.name, rollup, error))
        return tuple(found)

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
