"""Builds the rollups of a project, and says what is kept of each."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from functools import partial

from lapwing.cache.ancestors import Ancestors
from lapwing.cache.bindings import Bindings
from lapwing.cache.build import DatasetBuild, Settings
from lapwing.cache.builders import builder_of
from lapwing.cache.builders.base import AnyBuilder, WritingBuilder
from lapwing.cache.chosen import chosen
from lapwing.cache.definition import Definition, define
from lapwing.cache.family import families
from lapwing.cache.following import following
from lapwing.cache.jobs import JobRecord, Jobs
from lapwing.cache.ledger import Ledger, all_ledgers
from lapwing.cache.leftovers import close_lost, remembered
from lapwing.cache.manifest import Manifest
from lapwing.cache.marks import Marks, check_kept
from lapwing.cache.memory import shared_out
from lapwing.cache.on_record import on_record
from lapwing.cache.owner import owner, run_of
from lapwing.cache.progress import BuildReport, Failed, Progress, Totals, both
from lapwing.cache.reach import check_reach
from lapwing.cache.recorder import Recorder
from lapwing.cache.refold import refold
from lapwing.cache.runs import Record, Run, Runs, Why
from lapwing.cache.span import SPAN_LIMIT, Spans
from lapwing.cache.status import Fresh, RollupStatus, fresh_of, status_of
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.waiting import waiting
from lapwing.cache.stretch import Task, plan
from lapwing.cache.workers import Workers
from lapwing.model.dataset import Rollup
from lapwing.model.problem import Cancelled, LapwingError, Refused, StoreError
from lapwing.model.project import BeamConfig, Project, SparkConfig
from lapwing.sql.bound import BoundDataset
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
        ancestors: Ancestors,
        *,
        grace: float,
    ) -> None:
        self._project = project
        self._sql = sql
        self._store = store
        self._bindings = bindings
        self._spans = spans
        self._ancestors = ancestors
        self._grace = grace
        self._runs = Runs(store)
        self.jobs = Jobs(store)

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
        """Builds the rollups called `which` (a dataset, `dataset.rollup`, several of them; None: all), partitions that
        overlap `[start, end)` (UTC microseconds) and changed; with `full` the unchanged ones, too. Up to `parallel` stretches
        of partitions are built at once, and all share `memory` bytes (None: what the engine has), beyond which it spills to
        disk. What can't be built does not stop the others; the report tells it. Each run is recorded, with `why`. `beam` and
        `spark` are how these builders run, None: as the project says. With `detach` it leaves what goes on elsewhere to do so,
        and the next build by the same runner publishes it.

        Raises:
            NotFound: no rollup of that name.
            Refused: a builder that is not installed, or whose workers can't reach the store.
            WrongUse: an unknown builder, one that lacks what it needs or has nothing to be left, or too little memory.
            Cancelled, StoreError: it stopped; what was built until then stays and is readable.
        """
        named, stop = chosen(self._project, which), cancel or threading.Event()
        shares = None if memory is None else shared_out(memory, parallel)
        ways = (beam or self._project.beam, spark or self._project.spark)
        with waiting(stop), owner() as by, self._sql.limited(shares.engine) if shares else nullcontext():
            rollups = tuple(f"{dataset}.{one.name}" for dataset, of in named.items() for one in of)
            now = time.time()
            job = JobRecord(id=run_of(by), by=by, rollups=rollups, builder=builder, began=now, seen=now)
            with on_record(self.jobs, job, stop) as entry:
                made = builder_of(builder, self._sql, self._store, *ways, begins=entry.begins, detach=detach)
                left = made.left(self.jobs) if isinstance(made, WritingBuilder) else remembered(self.jobs)
                how = Settings(
                    now=self._project.now or datetime.now(UTC),
                    owner=by,
                    cancel=stop,
                    full=full,
                    history=self._project.history,
                    grace=self._grace,
                    memory=shares,
                    left=left,
                    detached=entry.detach,
                )
                recorder = Recorder(runs=self._runs, why=why, began=now, whole=start is None and end is None, by=by)
                told = both(entry.told, progress)
                return self._build(named, (start, end), made, how, recorder, told, parallel)

    def _build(
        self,
        named: Mapping[str, Sequence[Rollup]],
        stretch: tuple[int | None, int | None],
        builder: AnyBuilder,
        how: Settings,
        recorder: Recorder,
        progress: Progress,
        parallel: int,
    ) -> BuildReport:
        began, marks = time.perf_counter(), Marks(self._sql)
        failed: list[Failed] = []
        planned = [self._planned(dataset, rollups, *stretch, failed, recorder) for dataset, rollups in named.items()]
        totals = Totals(sum(len(task.partitions) for tasks in planned for task in tasks), progress)
        works = [DatasetBuild(self._store, builder, tasks, marks, totals, how) for tasks in planned if tasks]
        with _executors(parallel, len(works)) as (outer, inner), Workers(outer, parallel) as datasets:
            for work in works:
                datasets.do(partial(_run, work, Workers(inner, parallel), failed, recorder))
        if isinstance(builder, WritingBuilder):
            ledgers = [one.ledger for work in works for one in work.rollups]
            close_lost(self.jobs, how.left, run_of(how.owner), ledgers, builder.cancel)
        for tasks in planned:
            self._follow([task.definition for task in tasks], how)
        self._remove_old({task.definition.name: task.definition.hash for tasks in planned for task in tasks})
        left = tuple(name for work in works for name in work.left)
        done = tuple(one.report() for work in works for one in work.rollups)
        return BuildReport(rollups=done, seconds=time.perf_counter() - began, failed=tuple(failed), left=left)

    def _follow(self, built: Sequence[Definition], how: Settings) -> None:
        """Chooses the ancestors of the rollups that were built, and folds them."""
        if not built:
            return
        bound = built[0].bound
        declared = self._declared(bound)
        for finest in (family.finest for family in families(declared)):
            if all(finest.id != one.id for one in built):
                continue
            others = [one for one in declared if one.id != finest.id]
            manifest = Ledger.of(self._store, finest).read()
            follow = [one.definition for one in self._ancestors.choose(finest, manifest, others, anew=how.full)]
            refold(self._store, finest, follow, history=how.history, grace=how.grace, cancel=how.cancel)
            self._remove_old({one.name: one.hash for one in follow}, f"{finest.name}/")

    def _declared(self, bound: BoundDataset) -> list[Definition]:
        """The rollups that the dataset declares and that can be kept."""
        found: list[Definition] = []
        for rollup in bound.dataset.rollups.values():
            with suppress(Refused):
                found.append(define(bound, rollup, self._project.timezone))
        return found

    def _planned(
        self,
        dataset: str,
        rollups: Sequence[Rollup],
        start: int | None,
        end: int | None,
        failed: list[Failed],
        recorder: Recorder,
    ) -> list[Task]:
        """What is to be done for a dataset; none where that can't be found out, as is then in `failed`."""
        try:
            bound = self._bindings.renew(dataset)
            check_kept(self._sql, bound)
            span = self._spans.renew(bound)
            if span is not None:
                check_reach(self._sql, bound, rollups, span, SPAN_LIMIT)
        except LapwingError as error:
            recorder.failed((f"{dataset}.{rollup.name}" for rollup in rollups), error.problems[0])
            if isinstance(error, StoreError):
                raise
            failed.append(Failed(name=dataset, problems=error.problems))
            return []
        tasks: list[Task] = []
        for rollup in rollups:
            try:
                one = define(bound, rollup, self._project.timezone)
            except LapwingError as error:
                recorder.failed([f"{dataset}.{rollup.name}"], error.problems[0])
                failed.append(Failed(name=f"{dataset}.{rollup.name}", problems=error.problems))
            else:
                tasks.append(plan(one, span, Ledger.of(self._store, one).read(), start, end))
        return tasks

    def status(self, *, check: bool = True) -> tuple[RollupStatus, ...]:
        """Every rollup of the project; with `check` the sources are asked whether they changed."""
        marks, now = Marks(self._sql) if check else None, time.time()
        found: list[RollupStatus] = []
        records = self._records()
        for dataset in self._project.datasets.values():
            for rollup in dataset.rollups.values():
                record = records.get(f"{dataset.name}.{rollup.name}", Record())
                try:
                    definition = define(self._bindings.get(dataset.name).bound, rollup, self._project.timezone)
                    manifest = Ledger.of(self._store, definition).read()
                    fresh = fresh_of(rollup, record.fresh_as_of(definition.hash), now)
                    found.append(status_of(definition, manifest, marks, fresh=fresh))
                    found += self._ancestor_status(definition, manifest)
                except LapwingError as error:
                    found.append(_refused_status(dataset.name, rollup, error, fresh_of(rollup, None, now)))
        return tuple(found)

    def runs(self, which: str | None = None) -> tuple[Run, ...]:
        """The recorded runs over rollups, the latest first.

        Raises:
            NotFound: no rollup of that name. StoreError: the store can't be read.
        """
        named = chosen(self._project, which)
        names = [f"{dataset}.{one.name}" for dataset, of in named.items() for one in of]
        every = (run for record in self._runs.of(names).values() for run in record.runs)
        return tuple(sorted(every, key=lambda run: (-run.began, run.rollup)))

    def as_of(self, names: Sequence[str]) -> dict[str, float | None]:
        """Of which moment rollups are (`Record.as_of`); None where that is not known, or can't be told now."""
        found: dict[str, float | None] = dict.fromkeys(names)
        for dataset, rollups in chosen(self._project, names).items():
            with suppress(LapwingError):
                bound = self._bindings.get(dataset, kept=True).bound
                records = self._runs.of(f"{dataset}.{one.name}" for one in rollups)
                for one in rollups:
                    definition = define(bound, one, self._project.timezone)
                    found[definition.name] = records[definition.name].fresh_as_of(definition.hash)
        return found

    def _records(self) -> dict[str, Record]:
        """None where the store can't be read: whoever asks for it is told so for every rollup."""
        names = [f"{dataset.name}.{name}" for dataset in self._project.datasets.values() for name in dataset.rollups]
        try:
            return self._runs.of(names)
        except StoreError:
            return {}

    def _ancestor_status(self, finest: Definition, manifest: Manifest) -> Iterator[RollupStatus]:
        for one in self._ancestors.of(finest):
            own = following(Ledger.of(self._store, one.definition).read(), manifest)
            yield status_of(one.definition, own, None, ancestor=(finest.name, one.says))

    def _remove_old(self, current: dict[str, str], prefix: str | None = None) -> None:
        """Removes rollups of definitions no longer in use, once nobody can be reading them; with `prefix` also those named so
        that are not in `current` at all."""
        for ledger in all_ledgers(self._store):
            manifest = ledger.read()
            definition = current.get(manifest.rollup)
            idle = time.time() - manifest.changed_at >= self._grace
            unused = definition is None and prefix is not None and manifest.rollup.startswith(prefix)
            if idle and (unused or (definition is not None and definition != manifest.definition)):
                ledger.remove()


def _run(work: DatasetBuild, workers: Workers, failed: list[Failed], recorder: Recorder) -> None:
    """Builds one dataset, and records it. Whatever is wrong with it alone goes to `failed`."""
    try:
        work.run(workers)
    except LapwingError as error:
        recorder.built(work, error.problems[0])
        if isinstance(error, Cancelled | StoreError):
            raise
        failed.append(Failed(name=work.dataset, problems=error.problems))
    else:
        recorder.built(work, None)
    finally:
        failed += work.failed


@contextmanager
def _executors(parallel: int, datasets: int) -> Iterator[tuple[Executor | None, Executor | None]]:
    """Threads for datasets, and for stretches of them; apart, so that no dataset waits for a thread that waits for it."""
    if parallel <= 1:
        yield None, None
        return
    with ExitStack() as stack:
        inner = stack.enter_context(ThreadPoolExecutor(parallel, "build"))
        outer = stack.enter_context(ThreadPoolExecutor(parallel, "dataset")) if datasets > 1 else None
        yield outer, inner


def _refused_status(dataset: str, rollup: Rollup, error: LapwingError, fresh: Fresh) -> RollupStatus:
    return RollupStatus(
        name=f"{dataset}.{rollup.name}",
        dataset=dataset,
        rollup=rollup.name,
        grain=str(rollup.grain),
        dimensions=rollup.dimensions,
        measures=rollup.measures,
        refused=error.problems[0].message,
        fresh=fresh,
    )
