"""The builder `beam`: Apache Beam's workers read, fold and write, on whatever runner there is."""

from __future__ import annotations

from collections.abc import Callable

from lapwing.cache.builders.base import check_detach
from lapwing.cache.builders.beam.builder import BeamBuilder
from lapwing.cache.jobs import Remote
from lapwing.cache.stores.base import RollupStore
from lapwing.model.project import BeamConfig
from lapwing.sql.service import SqlService


def beam_builder(
    sql: SqlService, store: RollupStore, config: BeamConfig, begins: Callable[[Remote], None], *, detach: bool
) -> BeamBuilder:
    """The builder for the runner of `config`. `begins` is told of Dataflow's jobs, which go on without this process, and with
    `detach` are left to.

    Raises:
        Refused, WrongUse: it can't run as `config` says.
    """
    if config.runner != "dataflow":
        check_detach(detach, config.runner)
        return BeamBuilder(sql, store, config)
    from lapwing.cache.builders.beam.on_dataflow import DataflowBuilder

    return DataflowBuilder(sql, store, config, begins, detach=detach)
