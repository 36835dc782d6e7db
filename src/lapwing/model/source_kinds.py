"""The kinds of sources. A new one is a line here, and `lapwing.sources.KIND` with its `SOURCE`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Dsn:
    """How a dsn begins, what it is in words, and an example of it with its secrets elsewhere."""

    begins: re.Pattern[str]
    is_: str
    example: str

    @property
    def wrong(self) -> str:
        return f"The dsn is not {self.is_}."

    @property
    def hint(self) -> str:
        return f"Write {self.example}."


@dataclass(frozen=True, slots=True)
class SourceKind:
    """The keys that a kind of source has in lapwing.yaml beside those of all; the first is needed. `anywhere`: its path may
    be in object storage."""

    keys: tuple[str, ...]
    dsn: Dsn | None = None
    anywhere: bool = False


def _server(begins: str, is_: str, example: str, *more: str) -> SourceKind:
    return SourceKind(("dsn", "schemas", *more), Dsn(re.compile(begins), is_, example))


SOURCE_KINDS: Final[Mapping[str, SourceKind]] = {
    "files": SourceKind(("path", "storage"), anywhere=True),
    "duckdb": SourceKind(("path",)),
    "sqlite": SourceKind(("path",)),
    "postgres": _server(
        r"postgres(?:ql)?://|.*\w\s*=", "a PostgreSQL address", '"postgresql://user:${PASSWORD}@host:5432/database"'
    ),
    "mariadb": _server(
        r"(?:mysql|mariadb)://", "a MariaDB or MySQL address", '"mysql://user:${PASSWORD}@host:3306/database"'
    ),
    "bigquery": SourceKind(
        (
            *("project", "datasets", "location", "key_file", "maximum_bytes_billed", "labels"),
            *("endpoint", "storage_endpoint"),
        )
    ),
    "delta": SourceKind(("path", "storage"), anywhere=True),
    "iceberg": SourceKind(("path", "catalog", "storage", "schemas"), anywhere=True),
    "clickhouse": _server(
        "clickhouse://", "a ClickHouse address", '"clickhouse://user:${PASSWORD}@host:8123/database"'
    ),
    "trino": _server(
        "trino://[^/]*/[^/?]",
        "the address of a Trino's catalog",
        '"trino://user@host:8080/catalog", or "trino://user:${PASSWORD}@host:443/catalog/schema"',
        "session",
    ),
    "snowflake": _server(
        "snowflake://[^/]+/[^/?]",
        "the address of a Snowflake's database",
        '"snowflake://user:${PASSWORD}@account/database/schema?warehouse=NAME&role=NAME"',
    ),
    "kafka": SourceKind(("servers", "topics", "options")),
}
