"""Who can build a rollup: one file for each kind of builder, behind one contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lapwing.cache.builders.base import AnyBuilder, check_detach
from lapwing.cache.builders.duckdb import DuckdbBuilder
from lapwing.cache.builders.source import SourceBuilder
from lapwing.cache.jobs import Remote
from lapwing.cache.stores.base import RollupStore
from lapwing.model.names import nearest
from lapwing.model.problem import WrongUse
from lapwing.model.project import BeamConfig, SparkConfig
from lapwing.sql.service import SqlService

NAMES: Final = ("duckdb", "source", "beam", "spark")


def builder_of(
    name: str,
    sql: SqlService,
    store: RollupStore,
    beam: BeamConfig,
    spark: SparkConfig,
    begins: Callable[[Remote], None] = lambda _: None,
    *,
    detach: bool = False,
) -> AnyBuilder:
    """The builder called `name`, for rollups in `store`. `begins` is told of what goes on without this process, before it
    begins, and when its id is known; with `detach` it is left to.

    Raises:
        WrongUse: unknown, with the nearest names; or it can't run as asked.
        Refused: what it needs is not installed, or its workers could not reach the store.
    """
    if name != "beam":
        check_detach(detach, name)
    match name:
        case "duckdb":
            return DuckdbBuilder(sql)
        case "source":
            return SourceBuilder(sql)
        case "beam":
            from lapwing.cache.builders.beam import beam_builder

            return beam_builder(sql, store, beam, begins, detach=detach)
        case "spark":
            from lapwing.cache.builders.spark.builder import SparkBuilder

            return SparkBuilder(sql, store, spark)
    raise WrongUse.of("unknown-builder", f"There is no builder {name}.", nearest=nearest(name, NAMES))
