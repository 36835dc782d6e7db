"""The SQL service: one SQL over all sources of a project."""

from __future__ import annotations

import threading
import uuid
from collections import ChainMap, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from lapwing.model.dataset import Dataset
from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, ModelError, Problem, SourceError, Unavailable, WrongUse
from lapwing.model.project import Project
from lapwing.sources.base import Source, Table
from lapwing.sources.bill import current
from lapwing.sources.circuit import CircuitState
from lapwing.sources.guarded import Guarded
from lapwing.sources.passing import Passing
from lapwing.sql.again import Again
from lapwing.sql.aggregate.push import Blocks
from lapwing.sql.bound import BoundDataset
from lapwing.sql.catalog import Catalog
from lapwing.sql.check import check_dataset
from lapwing.sql.dataset import DatasetBinder
from lapwing.sql.depth import within_depth
from lapwing.sql.expected import Expected
from lapwing.sql.explain import Explanation
from lapwing.sql.followed import BoundFollowed, bind_followed
from lapwing.sql.lately import KeptScans, Lately
from lapwing.sql.nodes import Plan
from lapwing.sql.plan import PLANNING_TIME_LIMIT, Planner
from lapwing.sql.plans import Plans
from lapwing.sql.reduce.reducer import Reducer
from lapwing.sql.run import Running, Taker

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor, Engine
    from lapwing.sql.replay import Rows
    from lapwing.sql.whole.push import Whole

NOTHING: Mapping[str, pa.Table] = {}
ENGINES = ("duckdb", "trino")
REMEMBERED = 200  # statements that have ended and can still be asked about


class SqlService:
    """Plans, runs, explains statements and binds datasets. Safe to use from several threads; every statement has its
    own cursor. `engine` runs statements; planning has an instance of its own."""

    def __init__(self, project: Project, sources: Mapping[str, Source], engine: Engine) -> None:
        from lapwing.sources.engine import Engine as EngineClass

        self.project = project
        self.catalog = Catalog(sources)
        self._sources: Mapping[str, Source] = sources
        self._engine = engine
        self._planning = EngineClass.planner()
        expected = Expected()
        self._cluster: Guarded | None = None
        self._wholes = [name for name, source in project.sources.items() if source.type == "bigquery"]
        self._planner = Planner(
            self.catalog, self._planning, blocks=Blocks(sources, expected.rows), elsewhere=self._elsewhere(sources),
            now=lambda: project.now or datetime.now(UTC),
        )  # fmt: skip
        self._reducer = Reducer(sources, expected)
        self._plans = Plans(sources, self._reducer.reduced)
        self._binder = DatasetBinder(self)
        self._scans = KeptScans()
        self._bound: dict[tuple[str, ...], tuple[Dataset, tuple[Table, ...], BoundDataset]] = {}
        self._lock = threading.Lock()
        self._queries: OrderedDict[str, Running] = OrderedDict()
        self._given_up: OrderedDict[str, None] = OrderedDict()

    def _elsewhere(self, sources: Mapping[str, Source]) -> Whole | None:
        """What runs whole statements: the project's cluster, and sources that have an engine made for that."""
        engine = self.project.engine
        if not self._wholes and engine is None:
            return None
        from lapwing.sql.whole.bigquery import OneSource
        from lapwing.sql.whole.cluster import ENGINE, Cluster
        from lapwing.sql.whole.push import Whole

        cluster = None if engine is None or engine.source is not None else Cluster(engine)
        if cluster is not None:
            self._cluster = Guarded(cluster, cluster.circuit)
            self._sources = ChainMap({ENGINE: self._cluster}, sources)  # type: ignore[arg-type]
        return Whole(self.catalog, cluster, {name: OneSource(sources[name]) for name in self._wholes})

    @within_depth()
    def parse(self, text: str, time_limit: float = PLANNING_TIME_LIMIT) -> None:
        """Refuses what is no single reading statement, with its position; see `sql.parse`."""
        self._planner.parse(text, time_limit)

    @within_depth()
    def plan(
        self,
        text: str,
        *,
        zone: str | None = None,
        given: Mapping[str, pa.Table] | None = None,
        whole: bool = False,
        engine: str | None = None,
        time_limit: float = PLANNING_TIME_LIMIT,
        moment: datetime | None = None,
    ) -> Plan:
        """The plan of a statement. `zone` is the session's (None: the project's); `given` tables are `given.<name>`; `whole`:
        its scans are of tables, never of groups that a source makes. `engine`: which runs it: duckdb, trino (the
        cluster), or a source of BigQuery by its name; None: the project's, or else such a source where that pays. `moment`: what
        it takes for now (None: the project's now).

        Raises:
            WrongUse, Refused, NotFound: the statement is wrong, with position and nearest names.
            SourceError: a source it names does not answer.
            TimeLimit: planning took longer than `time_limit` seconds, or than it may.
        """
        whole = whole or text in self._given_up
        return self._planner.plan(
            text, zone or self.project.timezone, given or NOTHING, whole=whole, engine=self._engine_called(engine),
            time_limit=time_limit, moment=moment,
        )  # fmt: skip

    def _engine_called(self, engine: str | None) -> str | None:
        """
        Raises:
            WrongUse: there is no such engine.
        """
        known = self.project.engine
        if engine is None and known is not None:
            engine = known.source or "trino"
        if engine not in (None, *ENGINES, *self._wholes):
            every = (*ENGINES, *self._wholes)
            near = nearest(str(engine), every) or every
            hint = "An engine is duckdb, trino (the cluster of lapwing.yaml), or a source of BigQuery."
            raise WrongUse.of("unknown-engine", f"{engine} is no engine.", nearest=near, hint=hint)
        if engine == "trino" and (known is None or known.source is not None):
            hint = "Write `engine: {type: trino, dsn: ...}` in lapwing.yaml."
            raise WrongUse.of("no-cluster", "The project has no cluster to run it on.", hint=hint)
        return engine

    @within_depth()
    def run(
        self,
        text: str,
        *,
        zone: str | None = None,
        given: Mapping[str, pa.Table] | None = None,
        time_limit: float = 60.0,
        query_id: str | None = None,
        engine: str | None = None,
    ) -> Running:
        """Starts a statement; iterate (or close) what comes back. Raises as `plan` does, and SourceError where it would cost
        more than its bill (`sources.bill`) allows."""
        plan = self.ready(text, zone=zone, given=given, engine=engine, time_limit=time_limit)
        return self.start(plan, given=given, time_limit=time_limit, query_id=query_id)

    def ready(
        self,
        text: str,
        *,
        zone: str | None = None,
        given: Mapping[str, pa.Table] | None = None,
        engine: str | None = None,
        time_limit: float = PLANNING_TIME_LIMIT,
    ) -> Plan:
        """The plan to `start`, remembered where the statement was asked before. Raises as `plan` does."""
        zone = zone or self.project.timezone
        return self._plans.plan(
            (text, zone, engine or ""),
            lambda: self.plan(text, zone=zone, given=given, engine=engine, time_limit=time_limit),
        )

    def start(
        self,
        plan: Plan,
        *,
        given: Mapping[str, pa.Table] | None = None,
        time_limit: float = 60.0,
        query_id: str | None = None,
        taker: Taker | None = None,
        versions: Mapping[str, str] | None = None,
    ) -> Running:
        """Starts what is planned; `taker` is given its rows, too. `versions`: those that its tables have now, by their paths;
        rows that were read of the same need not be read again.

        Raises:
            SourceError: it would cost more than its bill (`sources.bill`) allows.
        """
        self._reserve(plan)
        given = given or NOTHING
        running = Running(
            plan,
            engine=self._engine,
            sources=self._sources,
            given=given,
            time_limit=time_limit,
            query_id=query_id or uuid.uuid4().hex,
            taker=taker,
            learn=self._learn,
            lately=None if versions is None else Lately(self._scans, versions),
            again=Again(self._sources, lambda plan, changed: self._anew(plan, changed, given), self._over_rows),
        )
        return self._remembered(running)

    def replay(
        self,
        plan: Plan,
        find: Callable[[], Rows | None],
        *,
        given: Mapping[str, pa.Table] | None = None,
        time_limit: float = 60.0,
        query_id: str | None = None,
    ) -> Running:
        """The planned statement as one whose rows are there already, or soon; see `sql.replay`."""
        from lapwing.sql.replay import Replay

        replayed = Replay(
            plan,
            find,
            engine=self._engine,
            sources=self._sources,
            given=given or NOTHING,
            time_limit=time_limit,
            query_id=query_id or uuid.uuid4().hex,
        )
        return self._remembered(replayed)

    def circuits(self) -> Mapping[str, CircuitState]:
        """How the cluster's circuit stands, by its name; empty where the project has none."""
        return {} if self._cluster is None else {self._cluster.name: self._cluster.circuit.state()}

    def holds(self, plan: Plan) -> bool:
        """Whether the tables are what the plan takes them for."""
        return self._plans.holds(plan)

    def _remembered(self, running: Running) -> Running:
        with self._lock:
            self._queries[running.id] = running
            while len(self._queries) > REMEMBERED:
                self._queries.popitem(last=False)
        return running

    def _learn(self, plan: Plan, rows: Mapping[str, int]) -> None:
        """What the scans of a plan had, by their ids, for the next time."""
        if self._reducer.learn(plan, rows):
            self._plans.doubt(plan)

    def _over_rows(self, plan: Plan, why: LapwingError) -> Plan:
        """The plan to go on with where one over groups made by sources failed; its statement is not tried that way again, unless
        what failed may pass."""
        if not isinstance(why, Passing | Unavailable):
            self._give_up(plan.text)
        says = "The engine could not have it made by sources, so their rows are read"
        note = f"{says}: {why.problems[0].message}"
        return self._reducer.reduced(replace(plan, notes=(*plan.notes, note)))

    def _anew(self, plan: Plan, changed: str, given: Mapping[str, pa.Table]) -> Plan:
        """The plan to go on with where a source changed since the statement was planned.

        Raises:
            SourceError: its result would have other columns than were told.
            NotFound, WrongUse: the statement does not suit its tables any more.
        """
        self._plans.forget(plan.text)
        made = self.plan(plan.text, zone=plan.zone, given=given, engine=plan.engine, moment=plan.moment)
        made = self._reducer.reduced(made)
        if not made.schema.equals(plan.schema):
            says = f"Since it was planned, the result's columns are others: {changed}."
            raise SourceError.of("source-changed", says, hint="Ask again.")
        self._reserve(made)
        return replace(made, notes=(*made.notes, f"Planned anew before its first row, as {changed}."))

    def _give_up(self, text: str) -> None:
        with self._lock:
            self._given_up[text] = None
            self._plans.forget(text)
            while len(self._given_up) > REMEMBERED:
                self._given_up.popitem(last=False)

    def estimates(self, plan: Plan) -> dict[str, int]:
        """The bytes that the scans of a plan would be billed for, by their ids, asked of the sources that charge by bytes.

        Raises:
            SourceError: a source does not answer, or would not run what it is sent.
        """
        found: dict[str, int] = {}
        for scan in plan.scans:
            if not scan.native and scan.used and scan.shares is None:
                estimate = self._sources[scan.table.source].estimate(scan.sql)
                if estimate is not None:
                    found[scan.id] = estimate
        return found

    def _reserve(self, plan: Plan) -> None:
        bill = current()
        if bill is not None and bill.most is not None:
            sources = {scan.id: scan.table.source for scan in plan.scans}
            for scan, estimate in self.estimates(plan).items():
                bill.reserve(sources[scan], estimate)

    def table(
        self,
        text: str,
        *,
        zone: str | None = None,
        given: Mapping[str, pa.Table] | None = None,
        time_limit: float = 60.0,
        query_id: str | None = None,
        engine: str | None = None,
    ) -> pa.Table:
        """All rows of a statement at once. Raises as `plan` does, and what happens while reading."""
        with self.run(text, zone=zone, given=given, time_limit=time_limit, query_id=query_id, engine=engine) as running:
            return pa.Table.from_batches(list(running), running.schema)

    def running(self, query_id: str) -> Running | None:
        """A statement by its id, under way or lately ended."""
        with self._lock:
            return self._queries.get(query_id)

    def cancel(self, query_id: str) -> bool:
        """Cancels a statement, at its sources too; False if there is none of this id."""
        running = self.running(query_id)
        if running is None:
            return False
        running.cancel()
        return True

    @within_depth()
    def explain(
        self,
        text: str,
        *,
        analyze: bool = False,
        zone: str | None = None,
        given: Mapping[str, pa.Table] | None = None,
        engine: str | None = None,
    ) -> str:
        """The plan in words; `analyze` runs the statement and tells what happened."""
        return self.explained(text, analyze=analyze, zone=zone, given=given, engine=engine).text

    @within_depth()
    def explained(
        self,
        text: str,
        *,
        analyze: bool = False,
        zone: str | None = None,
        given: Mapping[str, pa.Table] | None = None,
        engine: str | None = None,
        time_limit: float = 60.0,
        query_id: str | None = None,
        begun: Callable[[Running], None] | None = None,
    ) -> Explanation:
        """The plan by which the statement would run; `analyze` runs it, within `time_limit` seconds, and `begun` is told what
        runs. Raises as `run` does."""
        limit = time_limit if analyze else PLANNING_TIME_LIMIT
        plan = self.ready(text, zone=zone, given=given, engine=engine, time_limit=limit)
        estimates = self.estimates(plan)
        if not analyze:
            return Explanation(plan, estimates)
        with self.start(plan, given=given, time_limit=time_limit, query_id=query_id) as running:
            if begun is not None:
                begun(running)
            for _ in running:
                pass
        return Explanation(running.plan, estimates, running.progress(), running.milliseconds)

    def tables(self, dataset: Dataset) -> tuple[Table, ...]:
        """The tables that a dataset is made of. Raises as `bind` does."""
        return self._binder.tables(dataset)

    def bind(self, dataset: Dataset) -> BoundDataset:
        """The dataset bound to the data; remembered until its definition or its tables' columns change.

        Raises:
            ModelError: all that is wrong with it, at its places in the YAML.
            SourceError: a source does not answer.
        """
        try:
            return self._bind(dataset)
        except ModelError:
            self._look_anew(dataset)
            return self._bind(dataset)

    def _look_anew(self, dataset: Dataset) -> None:
        """At the sources that it names: what it lacks may have come since they were looked at."""
        named = (dataset.table, *(join.table for join in dataset.joins.values()))
        for name in {one.partition(".")[0] for one in named if one is not None} & set(self.project.sources):
            self._sources[name].forget()

    def _bind(self, dataset: Dataset) -> BoundDataset:
        tables = self._binder.tables(dataset)
        key = (dataset.name, *dataset.dimensions, *dataset.measures)  # of one name there are parts, too: see `Followed`
        with self._lock:
            known = self._bound.get(key)
        if known is not None and known[0] == dataset and known[1] == tables:
            return known[2]
        bound = self._binder.bind(dataset)
        with self._lock:
            self._bound[key] = (dataset, tables, bound)
        return bound

    def followed(self, bound: BoundDataset, measures: Iterable[str]) -> dict[str, BoundFollowed]:
        """What those of the `measures` that count rows followed by others look for. Raises as `bind` does."""
        found = {}
        for name in measures:
            measure = bound.dataset.measures[name]
            if measure.followed is not None:
                found[name] = bind_followed(self.bind, bound.dataset, measure)
        return found

    def check(self) -> tuple[Problem, ...]:
        """Every problem of every dataset against the data: names, types, time, keys of joins."""
        problems: list[Problem] = list(self.catalog.problems())
        for dataset in self.project.datasets.values():
            try:
                self._binder.tables(dataset)
                bound, wrong = self._binder.bind_what_holds(dataset)
                problems += (*wrong, *check_dataset(bound, self, {problem.place for problem in wrong}))
            except LapwingError as error:
                problems += error.problems
        return tuple(dict.fromkeys(problems))

    @contextmanager
    def limited(self, memory: int) -> Iterator[None]:
        """Meanwhile statements take up to `memory` bytes, all together, and spill what is more."""
        with self._engine.limited(memory):
            yield

    @contextmanager
    def planning_cursor(self) -> Iterator[Cursor]:
        """A cursor of the planning instance, which holds no data."""
        cursor = self._planning.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def close(self) -> None:
        """Ends what runs."""
        with self._lock:
            queries = list(self._queries.values())
        for running in queries:  # all at once, then each
            running.cancel()
        for running in queries:
            running.end()
        self._planning.close()
