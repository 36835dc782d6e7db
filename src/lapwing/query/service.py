"""The front door: one project opened, with everything that answers from it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from lapwing.cache.service import Cache
from lapwing.cache.stores import open_store
from lapwing.cache.stores.outage import Outage
from lapwing.cache.stores.unreadable import UnreadableStore
from lapwing.model.expression import measures
from lapwing.model.load import load
from lapwing.model.problem import Problem, StoreError
from lapwing.model.project import Project
from lapwing.query.answer import Answer, answer
from lapwing.query.ask import MetricQuery, SqlQuery
from lapwing.query.check import metric_problems
from lapwing.query.explain import Explained, explain
from lapwing.query.restated import restated
from lapwing.query.results.answers import Answers
from lapwing.query.results.later import Later
from lapwing.query.results.service import Results
from lapwing.query.statement import SqlAnswer, explain_statement, plan_statement, run_statement
from lapwing.query.top import ranking, topped
from lapwing.sources.bill import bill_for
from lapwing.sources.circuit import CircuitState
from lapwing.sources.engine import Engine
from lapwing.sources.open import Sources
from lapwing.sources.patience import patient
from lapwing.sources.storage import engine_reads
from lapwing.sql.explain import Explanation
from lapwing.sql.nodes import Plan
from lapwing.sql.run import Running
from lapwing.sql.service import SqlService


class Lapwing:
    """A project and its services. Safe to use from several threads; close it, or use it as a context manager.

    Sources and the store are reached when they are first needed, so that what is not asked cannot fail.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        allowed = engine_reads(project.sources.values())
        self.engine = Engine(f"{project.memory}B", allowed=allowed, spill=project.store.path)
        self.sources = Sources(project.sources, self.engine)
        self.sql = SqlService(project, self.sources, self.engine)
        self.results = Results(project, self.sql, self.sources)
        self.answers = Answers(project, self.results)
        self.later = Later(self.results.shelf, texts=project.query_log.texts)
        self._opening = threading.Lock()
        self._outage = Outage()
        self._cache: Cache | None = None

    @classmethod
    def open(cls, root: Path | str) -> Self:
        """Reads the project in folder `root`.

        Raises:
            ModelError: its files are wrong; holds every problem.
        """
        return cls(load(Path(root)))

    @property
    def cache(self) -> Cache:
        """The rollups. The store is opened when first asked for, so that SQL and `check` work without it. One that can't be
        opened is tried again the next time; meanwhile the sources answer, and whatever needs the store tells why it
        can't."""
        with self._opening:
            if self._cache is None:
                try:
                    with self._outage.watched():
                        store = open_store(self.project.store)
                except StoreError as error:
                    return Cache(self.project, self.sql, UnreadableStore(error))
                self._cache = Cache(self.project, self.sql, store)
            return self._cache

    def revision(self) -> object:
        """That of the store: while it stays, nothing was built. None where the store can't tell, or is not open yet."""
        return None if self._cache is None else self._cache.revision()

    def now(self) -> datetime:
        """The moment that "now" means here: the project's, where it is pinned, else the clock's (UTC)."""
        return self.project.now or datetime.now(UTC)

    def answer(self, query: MetricQuery) -> Answer:
        """Answers a metric query; see `query.answer.answer` for what it raises."""
        with bill_for(query.wishes.maximum_bytes_billed), patient(query.wishes.time_limit):
            return self.answers.answer(query, self._answer)

    def _answer(self, query: MetricQuery) -> Answer:
        if query.top is not None:
            names = (*query.metrics, *([query.top.metric] if query.top.metric else []))
            return topped(query, query.top, self.answer, lambda: self._version(names))
        if query.restated_since is not None:
            return restated(query, self.project, self.answer)
        return answer(query, project=self.project, sql=self.sql, cache=self.cache, now=self.now())

    def explain(self, query: MetricQuery) -> Explained:
        """How a metric query would be answered, without answering it; raises as `answer`. Of one for the largest groups the
        question which these are."""
        if query.top is not None:
            query = ranking(query, query.top)
        return explain(query, project=self.project, sql=self.sql, cache=self.cache, now=self.now())

    def _version(self, names: Sequence[str]) -> object:
        """Changes with what is built of the datasets of metrics."""
        metrics = [self.project.metric(name)[1] for name in names]
        datasets = {ref.dataset for metric in metrics for ref in measures(metric.expression)}
        return {name: self.cache.version(name) for name in datasets}

    def run_sql(self, query: SqlQuery, query_id: str | None = None) -> SqlAnswer:
        """Starts a SELECT over sources and metrics; rows stream as they come.

        Raises:
            WrongUse, NotFound: it does not parse, names what is not there, or would change data.
        """
        query_id = query_id or uuid.uuid4().hex[:16]
        return run_statement(
            query,
            sql=self.sql,
            results=self.results,
            answer=self.answer,
            project=self.project,
            query_id=query_id,
        )

    def explain_sql(self, query: SqlQuery) -> str:
        """The plan in words, with the SQL that each source would be sent."""
        return self.explained_sql(query).text

    def explained_sql(
        self,
        query: SqlQuery,
        *,
        analyze: bool = False,
        query_id: str | None = None,
        begun: Callable[[Running], None] | None = None,
    ) -> Explanation:
        """How the statement would run; `analyze` runs it, under that id, and tells how it did; `begun` is told what runs."""
        return explain_statement(
            query, sql=self.sql, results=self.results, answer=self.answer, project=self.project, analyze=analyze,
            query_id=query_id, begun=begun,
        )  # fmt: skip

    def plan_sql(self, query: SqlQuery) -> Plan:
        """The plan as data."""
        return plan_statement(query, sql=self.sql, answer=self.answer, project=self.project)

    def check(self) -> tuple[Problem, ...]:
        """What is wrong between the model and the data: sources that do not answer, unknown columns, wrong types, metrics
        that can't be reckoned."""
        return (*self.sql.check(), *metric_problems(self.project, self.sql))

    def circuits(self) -> Mapping[str, CircuitState]:
        """How the circuits stand of the sources that were asked for, and of the cluster; by name."""
        return {**self.sources.circuits(), **self.sql.circuits()}

    def close(self) -> None:
        """Ends what still runs, at its sources, too."""
        self.sql.close()
        if self._cache is not None:
            self._cache.close()
        self.sources.close()
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
