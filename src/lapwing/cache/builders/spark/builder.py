"""The builder `spark`: Spark's SQL makes the states, its Python workers write them, and receipts tell what is there."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Generator
from contextvars import copy_context
from dataclasses import replace
from typing import Any, Final

from lapwing.cache.builders.base import HereOnly, Tell
from lapwing.cache.builders.failures import found_in
from lapwing.cache.builders.spark.session import check_spark, open_session, said
from lapwing.cache.builders.spark.steps import (
    BLOCKS,
    DONE,
    HEADS,
    Gathered,
    every_version,
    make_blocks,
    write_blocks,
    write_indexes,
)
from lapwing.cache.builders.spark.tables import made, views_of
from lapwing.cache.distributed import Order, ready
from lapwing.cache.home import Job
from lapwing.cache.source_sql import SourceSql, source_sql
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.write import Written
from lapwing.model.failing import Caught
from lapwing.model.problem import Cancelled, LapwingError, SourceError
from lapwing.model.project import SparkConfig
from lapwing.sql.service import SqlService
from lapwing.sql.translate import at_source

_POLL_SECONDS: Final = 0.25
_WAIT_SECONDS: Final = 30.0
_KEYS: Final = "lw_key"


class SparkBuilder(HereOnly):
    """Builds by Spark; nothing passes through this process but receipts, and small tables that are joined. Its workers open
    what they need once for all orders of a build.

    Raises:
        Refused: it can't run as `config` says.
    """

    name = "spark"

    def __init__(self, sql: SqlService, store: RollupStore, config: SparkConfig) -> None:
        check_spark(config, sql.project.store)
        self._sql = sql
        self._store = store
        self._config = config
        self._home = uuid.uuid4().hex

    def write(
        self, order: Order, cancel: threading.Event, tell: Tell
    ) -> Generator[tuple[int, tuple[Written, ...]], None, None]:
        """As the contract says. Spark itself tries again what fails for another reason than one of our errors."""
        tell("starting Spark")
        session = open_session(self._config)
        order = replace(order, shards=self._config.shards or max(1, session.sparkContext.defaultParallelism))
        group = f"lapwing-{uuid.uuid4().hex}"
        caught, ended = Caught(), threading.Event()

        def work() -> None:
            with caught:
                session.sparkContext.setJobGroup(group, f"build of {order.finest.name}", True)
                self._run(session, order)
            ended.set()

        threading.Thread(target=copy_context().run, args=(work,), name="spark-build", daemon=True).start()
        at = 0
        try:
            while True:
                done = ended.wait(_POLL_SECONDS)
                if cancel.is_set():
                    raise Cancelled.of("cancelled", "The build was cancelled.")
                for written in ready(self._store, order, at):
                    yield at, written
                    at += 1
                if done:
                    break
                tell(_told(session))
        finally:
            if not ended.is_set():
                session.sparkContext.cancelJobGroup(group)
                ended.wait(_WAIT_SECONDS)
        if caught.error is not None:
            raise _ours(order.finest.name, caught.error) from caught.error
        if at < len(order.borders) - 1:
            raise SourceError.of(
                "spark-lost", f"Spark ended without all of {order.finest.name}.", hint="Build it again."
            )

    def _run(self, session: Any, order: Order) -> None:
        """The whole work, to its end."""
        finest = order.finest
        views = views_of(finest.bound.dataset, self._sql)
        by = finest.rollup.dimensions
        bound = at_source(finest.bound, views, self._sql, by, finest.kept, views.own)
        asked = source_sql(bound, finest.kept, by, finest.grain, order.borders, "spark")
        job = Job(order=order, project=self._sql.project, home=self._home)
        with made(session, views, self._sql, job, keep=asked.rereads):
            _frame(session, job, asked).collect()


def _frame(session: Any, job: Job, asked: SourceSql) -> Any:
    """The work as one frame: a row for each version that is done."""
    order = job.order
    states = session.sql(asked.text)
    keys = [name for name in states.columns if name.startswith(_KEYS)]
    shard = f"pmod(xxhash64({', '.join(keys)}), {order.shards})" if keys else "0"
    gathered = Gathered(columns=asked.columns, text=asked.gathered)
    from pyspark.sql.functions import expr

    grouped = states.groupBy("lw_partition", expr(shard).alias("lw_shard"))
    found = grouped.applyInArrow(make_blocks(job, gathered), schema=BLOCKS)
    heads = found.groupBy("member", "partition", "number").applyInArrow(write_blocks(job), schema=HEADS)
    every = session.createDataFrame(every_version(job)).selectExpr(
        "cast(member as int) member", "cast(partition as int) partition", "cast(heads as binary) heads"
    )
    return heads.union(every).groupBy("member", "partition").applyInArrow(write_indexes(job), schema=DONE)


def _told(session: Any) -> str:
    """How far Spark is."""
    tracker = session.sparkContext.statusTracker()
    stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
    running = [one for one in stages if one is not None]
    if not running:
        return "Spark plans"
    done, total = sum(one.numCompletedTasks for one in running), sum(one.numTasks for one in running)
    return f"{done} of {total} tasks"


def _ours(name: str, error: BaseException) -> LapwingError:
    """The error of a worker, or of Spark, in our words."""
    if isinstance(error, LapwingError):
        return error
    found = found_in(str(error))
    if found is not None:
        return found
    return SourceError.of("spark-failed", f"Spark could not build {name}: {said(error)}.", hint="Build it again.")
