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
from lapwing.sources.storage import engine_reads
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
    """`here`: it is that of the process that ordered the work, which looks for `error`; there `cancel` is set to make all
    workers leave off. Other processes are stopped by their runner."""

    name: str
    store: RollupStore
    sql: SqlService
    here: bool = False
    cancel: threading.Event = field(default_factory=threading.Event)
    error: LapwingError | None = None
    checked: set[str] = field(default_factory=set)

    def fail(self, error: LapwingError) -> None:
        """Work here is over; the first error is why."""
        if not self.cancel.is_set():
            self.error = self.error or error
            self.cancel.set()

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
def at_home(store: RollupStore, sql: SqlService) -> Iterator[Home]:
    """Workers in this very process use the store and the sources that are open here, if their job names this home."""
    home = Home(uuid.uuid4().hex, store, sql, here=True)
    _homes[home.name] = home
    try:
        yield home
    finally:
        home.cancel.set()
        _homes.pop(home.name, None)


def home_of(job: Job) -> Home:
    """The worker's home, opened where this process has none for the job; it stays open while the process lives.

    Raises:
        StoreError: the store can't be opened from here.
    """
    with _lock:
        if job.home not in _homes:
            project = job.project
            allowed = engine_reads(project.sources.values())
            engine = Engine(memory_limit=_MEMORY, threads=_THREADS, allowed=allowed, spill=project.store.path)
            sql = SqlService(project, Sources(project.sources, engine), engine)
            _homes[job.home] = Home(job.home, open_store(project.store), sql)
        return _homes[job.home]


def _other_schema(name: str, why: str) -> LapwingError:
    return SourceError.of(
        "schema-changed",
        f"The data of {name} is no longer what the build was planned for: {why.rstrip('.')}.",
        hint="Run `lapwing check`, then build again; nothing of this was published.",
    )
