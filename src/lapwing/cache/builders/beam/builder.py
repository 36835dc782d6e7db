"""The builder `beam`: a pipeline for each order, followed by the receipts that its workers leave in the store."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from lapwing.cache.builders.base import Detached, HereOnly, Tell
from lapwing.cache.builders.beam.runners import be_quiet, check_beam, options_of, runner_of, workers_of
from lapwing.cache.builders.beam.running import Running
from lapwing.cache.distributed import Order, ready
from lapwing.cache.home import Home, Job, at_home
from lapwing.cache.splits import Part, left_of, parts_of
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.write import Written
from lapwing.model.problem import Cancelled, LapwingError, StoreError
from lapwing.model.project import BeamConfig, Project
from lapwing.sql.service import SqlService

TRIES: Final = 3
"""Pipelines for one order, where they fail for another reason than one of our errors: a worker that died, a lost runner."""

_PARTS_A_WORKER: Final = 3

Ready = tuple[Written, ...]
"""What was written of a partition, for each member."""


class Pipeline(Protocol):
    """A pipeline under way: `begun` once it goes on by itself. `error` is why it ended, where it did not end well."""

    ended: threading.Event
    begun: bool

    @property
    def error(self) -> BaseException | None: ...

    def failure(self) -> LapwingError | None:
        """The same, where it is an error that another try would meet again."""
        ...

    def lost(self, name: str) -> LapwingError:
        """The same, where it is any other, told of the rollup `name`."""
        ...

    def counters(self) -> dict[str, int]:
        """What its workers counted so far, by name, as far as the runner tells."""
        ...

    def stop(self) -> None:
        """Ends it where it still runs; waits for that, not forever."""
        ...


class BeamBuilder(HereOnly):
    """Builds by Apache Beam. Nothing passes through this process but receipts; with the runner direct the workers are
    threads of it.

    Raises:
        Refused, WrongUse: it can't run as `config` says.
    """

    name = "beam"
    poll_seconds = 0.25
    detaches = False
    """It leaves what goes on by itself, once it has begun."""

    def __init__(self, sql: SqlService, store: RollupStore, config: BeamConfig) -> None:
        be_quiet()
        check_beam(config, sql.project.store)
        options_of(config)
        self._sql = sql
        self._store = store
        self._config = config

    def write(self, order: Order, cancel: threading.Event, tell: Tell) -> Generator[tuple[int, Ready], None, None]:
        """As the contract says. After a failure that is not ours what is left is tried again."""
        order = replace(order, shards=self._shards(order))
        done = 0
        for tries in reversed(range(TRIES)):
            for written in self._piped(left_of(order, done), cancel, tell, last=tries == 0):
                yield done, written
                done += 1
            if done == len(order.borders) - 1:
                return
        raise _not_written(order)

    def _shards(self, order: Order) -> int:
        if self._config.shards is not None:
            return self._config.shards
        return max(1, -(-2 * workers_of(self._config) // (len(order.borders) - 1)))

    def _piped(self, order: Order, cancel: threading.Event, tell: Tell, *, last: bool) -> Iterator[Ready]:
        """One pipeline, from its start to its end; what was written of one partition after the other, meanwhile. Another
        failure than ours is an error only at the `last` try."""
        with at_home(self._store, self._sql) as home:
            running, parts = self._begin(order, home, tell)
            left = False
            try:
                yield from self._followed(running, order, parts, cancel, tell)
            except Detached:
                left = True
                raise
            finally:
                home.cancel.set()
                if not left:
                    running.stop()
        failure = home.error or running.failure()
        if failure is not None:
            raise failure
        if running.error is not None:
            if last:
                raise running.lost(order.finest.name)
            tell(f"what is left is tried again: {running.lost(order.finest.name).problems[0].message}")
        elif next(ready(self._store, order, len(order.borders) - 2), None) is None:
            raise _not_written(order)

    def _begin(self, order: Order, home: Home, tell: Tell) -> tuple[Pipeline, int]:
        """The order's pipeline, and how many parts it reads."""
        parts = self._parts(order, tell)
        return Running(self._pipeline(order, home, parts, options_of(self._config))), len(parts)

    def _project(self) -> Project:
        """What workers open."""
        return self._sql.project

    def _parts(self, order: Order, tell: Tell) -> list[Part]:
        tell("looking for the parts of its rows")
        return parts_of(order, self._sql, _PARTS_A_WORKER * workers_of(self._config))

    def _pipeline(self, order: Order, home: Home, parts: Sequence[Part], options: Any) -> Any:
        from lapwing.cache.builders.beam.pipeline import make_pipeline

        job = Job(order=order, project=self._project(), home=home.name)
        return make_pipeline(job, parts, options, runner_of(self._config))

    def _followed(
        self, running: Pipeline, order: Order, parts: int, cancel: threading.Event, tell: Tell
    ) -> Iterator[Ready]:
        """What is ready, until the pipeline ends."""
        at, says = 0, ""
        while True:
            ended = running.ended.wait(self.poll_seconds)
            if cancel.is_set():
                raise Cancelled.of("cancelled", "The build was cancelled.")
            for written in ready(self._store, order, at):
                yield written
                at += 1
            if ended:
                return
            if self.detaches and running.begun:
                raise Detached
            now = _told(running.counters(), parts)
            if now != says:
                says = now
                tell(says)


def _not_written(order: Order) -> LapwingError:
    return StoreError.of(
        "not-written",
        f"The pipeline that builds {order.finest.name} ended well, but what it wrote is not in this store.",
        hint="Its workers wrote elsewhere: give them a store that they and this process reach.",
    )


def _told(counters: dict[str, int], parts: int) -> str:
    read, shards, versions = (counters.get(name, 0) for name in ("ReadPart", "WriteShard", "WriteRest"))
    if versions:
        return f"{versions} versions written"
    if shards:
        return f"{shards} shards written"
    return f"{read} of {parts} parts read" if parts else f"{read} parts read"
