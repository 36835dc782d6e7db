"""Where a worker of a build is at home: the store and the sources in its own process, opened once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lapwing.cache.definition import define
from lapwing.cache.distributed import Order
from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import LapwingError, SourceError
from lapwing.model.project import Project
from lapwing.sources.engine import Engine
from lapwing.sources.open import Sources
from lapwing.sql.service import SqlService

_MEMORY = "1GB"
_THREADS = 1
"""Of the engine in a process of workers: a runner starts as many as there are cores."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """What a worker is given: the order, and the project that it opens. `home` names the process that ordered it. It can be
    pickled; the secrets of the project's sources are in it."""

    order: Order
    project: Project
    home: str


@dataclass(slots=True, eq=False)
class Home:
    """`cancel` is set where the order's own process is asked to stop; other processes are stopped by their runner."""

    store: RollupStore
    sql: SqlService
    cancel: threading.Event = field(default_factory=threading.Event)
    checked: set[str] = field(default_factory=set)

    def check(self, order: Order) -> None:
        """Looks, once, whether the data here is what the order was made for.

        Raises:
            SourceError: a table is gone, or means something else ("schema-changed").
        """
        finest = order.finest
        if finest.hash in self.checked:
            return
        try:
            bound = self.sql.bind(finest.bound.dataset)
            same = define(bound, finest.rollup, finest.zone).hash == finest.hash
        except SourceError:
            raise
        except LapwingError as error:
            raise _other_schema(finest.name, error.problems[0].message) from error
        if not same:
            raise _other_schema(finest.name, "A column has another type.")
        self.checked.add(finest.hash)


_homes: dict[str, Home] = {}
_lock = threading.Lock()


@contextmanager
def at_home(store: RollupStore, sql: SqlService, cancel: threading.Event) -> Iterator[str]:
    """A name under which workers in this very process find the store and the sources that are open here."""
    name = uuid.uuid4().hex
    _homes[name] = Home(store, sql, cancel)
    try:
        yield name
    finally:
        _homes.pop(name, None)


def home_of(job: Job) -> Home:
    """The worker's home, opened where this process has none for the job; that of an earlier one is then left.

    Raises:
        StoreError: the store can't be opened from here.
    """
    with _lock:
        if job.home not in _homes:
            project = job.project
            allowed = [source.path for source in project.sources.values() if source.path is not None]
            engine = Engine(memory_limit=_MEMORY, threads=_THREADS, allowed=allowed, spill=project.store.path)
            store = open_store(project.store)
            _homes[job.home] = Home(store, SqlService(project, Sources(project.sources, engine), engine))
        return _homes[job.home]


def _other_schema(name: str, why: str) -> LapwingError:
    return SourceError.of(
        "schema-changed",
        f"The data of {name} is no longer what the build was planned for: {why.rstrip('.')}.",
        hint="Run `lapwing check`, then build again; nothing of this was published.",
    )
