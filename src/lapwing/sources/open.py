"""Opens the sources of a project, each when it is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from lapwing.model.names import nearest
from lapwing.model.problem import ModelError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Source
from lapwing.sources.engine import Engine

KINDS = (
    "files",
    "duckdb",
    "sqlite",
    "postgres",
    "mariadb",
    "bigquery",
    "delta",
    "iceberg",
    "clickhouse",
    "trino",
    "kafka",
)


def open_source(config: SourceConfig, engine: Engine) -> Source:
    """The source for a configuration. Nothing is connected yet.

    Raises:
        ModelError: no such kind.
    """
    match config.type:
        case "files":
            from lapwing.sources.files import FilesSource

            return FilesSource(config, engine)
        case "duckdb":
            from lapwing.sources.duckdb import DuckDBSource

            return DuckDBSource(config, engine)
        case "sqlite":
            from lapwing.sources.sqlite import SQLiteSource

            return SQLiteSource(config)
        case "postgres":
            from lapwing.sources.postgres import PostgresSource

            return PostgresSource(config)
        case "mariadb":
            from lapwing.sources.mariadb import MariaDBSource

            return MariaDBSource(config)
        case "bigquery":
            from lapwing.sources.bigquery import BigQuerySource

            return BigQuerySource(config)
        case "delta":
            from lapwing.sources.delta import DeltaSource

            return DeltaSource(config, engine)
        case "iceberg":
            from lapwing.sources.iceberg import IcebergSource

            return IcebergSource(config, engine)
        case "clickhouse":
            from lapwing.sources.clickhouse import ClickHouseSource

            return ClickHouseSource(config)
        case "trino":
            from lapwing.sources.trino import TrinoSource

            return TrinoSource(config)
        case "kafka":
            from lapwing.sources.kafka import KafkaSource

            return KafkaSource(config, engine)
    near = nearest(config.type, KINDS)
    raise ModelError.of("unknown-source-type", f"{config.type} is no kind of source.", place=config.place, nearest=near)


class Sources(Mapping[str, Source]):
    """The sources of a project by name. Safe to use from several threads."""

    def __init__(self, configs: Mapping[str, SourceConfig], engine: Engine) -> None:
        self._configs, self._engine = configs, engine
        self._open: dict[str, Source] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> Source:
        with self._lock:
            if name not in self._open:
                self._open[name] = open_source(self._configs[name], self._engine)
            return self._open[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._configs)

    def __len__(self) -> int:
        return len(self._configs)

    def close(self) -> None:
        with self._lock:
            for source in self._open.values():
                source.close()
            self._open.clear()
