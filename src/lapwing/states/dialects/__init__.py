"""The SQL of each engine that can build states; one file each, chosen by `dialect_of`."""

from __future__ import annotations

from typing import Final

from lapwing.model.problem import Refused
from lapwing.states.dialects.base import GREATEST, INFINITE, NOT_A_NUMBER, Dialect
from lapwing.states.dialects.bigquery import BigQuery
from lapwing.states.dialects.clickhouse import ClickHouse
from lapwing.states.dialects.duckdb import DuckDB
from lapwing.states.dialects.mysql import MySql
from lapwing.states.dialects.postgres import Postgres
from lapwing.states.dialects.snowflake import Snowflake
from lapwing.states.dialects.spark import Spark
from lapwing.states.dialects.sqlite import SQLite
from lapwing.states.dialects.trino import Trino

__all__ = ["DIALECTS", "GREATEST", "INFINITE", "NOT_A_NUMBER", "Dialect", "dialect_of"]

DIALECTS: Final[dict[str, Dialect]] = {
    kind.name: kind() for kind in (DuckDB, Postgres, MySql, SQLite, BigQuery, Trino, Spark, ClickHouse)
}
"""By sqlglot's names, the engines that build states."""

_WRITTEN: Final[dict[str, Dialect]] = DIALECTS | {Snowflake.name: Snowflake()}


def dialect_of(name: str) -> Dialect:
    """The SQL of an engine.

    Raises:
        Refused: nothing is written in it.
    """
    if name not in _WRITTEN:
        says = f"States are not built in {name}; its rows are read instead."
        raise Refused.of("not-pushable", says, nearest=tuple(DIALECTS))
    return _WRITTEN[name]
