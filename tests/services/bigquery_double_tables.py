"""The tables of the double of BigQuery: rows as Arrow, statements run by DuckDB, and the bytes that a statement reads by the
rules of BigQuery's prices: all of each column that is mentioned, in the partitions that the conditions leave."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

Key = tuple[str, str, str]
_WORDS = {
    "int64": "INTEGER",
    "double": "FLOAT",
    "bool": "BOOLEAN",
    "string": "STRING",
    "large_string": "STRING",
    "date32[day]": "DATE",
    "timestamp[us]": "DATETIME",
    "timestamp[us, tz=UTC]": "TIMESTAMP",
}
_PARTITIONS = {"DAY": "day", "HOUR": "hour", "MONTH": "month"}


@dataclass
class Held:
    """A table. `partition` is its column of partitioning, `by` how; `told` are keys of its resource that are otherwise."""

    key: Key
    rows: pa.Table
    partition: str | None = None
    by: str = "DAY"
    cluster: tuple[str, ...] = ()
    changed: int = 1_700_000_000_000
    fields: list[dict[str, Any]] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fields = self.fields or [
            {"name": one.name, "type": _word(one.type), "mode": "NULLABLE"} for one in self.rows.schema
        ]

    def resource(self) -> dict[str, Any]:
        """As `tables.get` tells it."""
        project, dataset, name = self.key
        size = str(self.size(self.rows.column_names))
        partitioned = {} if self.partition is None else {"timePartitioning": {"type": self.by, "field": self.partition}}
        return {
            "kind": "bigquery#table",
            "id": f"{project}:{dataset}.{name}",
            "tableReference": {"projectId": project, "datasetId": dataset, "tableId": name},
            "type": "TABLE",
            "schema": {"fields": self.fields},
            "numBytes": size,
            "numRows": str(self.rows.num_rows),
            "creationTime": "1600000000000",
            "lastModifiedTime": str(self.changed),
            "location": "EU",
            **partitioned,
            **({"clustering": {"fields": list(self.cluster)}} if self.cluster else {}),
            **self.told,
        }

    def size(self, columns: list[str], rows: pa.Table | None = None) -> int:
        """Logical bytes."""
        rows = self.rows if rows is None else rows
        return sum(_size(rows.column(name)) for name in columns)


@dataclass
class Warehouse:
    """All tables of all projects."""

    tables: dict[Key, Held] = field(default_factory=dict)

    def keep(self, key: Key, rows: pa.Table, **how: Any) -> Held:
        self.tables[key] = held = Held(key, rows, **how)
        return held

    def run(self, text: str) -> pa.Table:
        """The result of a SELECT in GoogleSQL.

        Raises:
            KeyError: there is no such table. duckdb.Error: the statement is wrong.
        """
        tree = sqlglot.parse_one(text, read="bigquery")
        with _engine() as engine:
            for number, (node, held) in enumerate(list(self._mentioned(tree))):
                engine.register(f"t{number}", held if isinstance(held, pa.Table) else held.rows)
                stands = exp.to_table(f"t{number}")
                node.replace(exp.alias_(stands, node.alias, quoted=True, table=True) if node.alias else stands)
            result: pa.Table = engine.sql(tree.sql("duckdb")).to_arrow_table()
            return result

    def bytes_of(self, text: str) -> int:
        """What a SELECT would read. Raises as `run`."""
        tree = sqlglot.parse_one(text, read="bigquery")
        columns = {column.name.lower() for column in tree.find_all(exp.Column)}
        total = 0
        for _, held in self._mentioned(tree):
            if isinstance(held, pa.Table):
                total += 10 * 1024 * 1024
                continue
            names = [name for name in held.rows.column_names if name.lower() in columns or tree.find(exp.Star)]
            total += held.size(names, self._left(held, tree))
        return total

    def read(self, key: Key, columns: list[str], where: str) -> pa.Table:
        """What a read session sends."""
        names = ", ".join(f"`{one}`" for one in columns) or "*"
        return self.run(f"SELECT {names} FROM `{'.'.join(key)}`" + (f" WHERE {where}" if where else ""))

    def scanned(self, key: Key, columns: list[str], where: str) -> int:
        """The bytes of a read session."""
        held = self.tables[key]
        tree = sqlglot.parse_one("SELECT 1 FROM t" + (f" WHERE {where}" if where else ""), read="bigquery")
        mentioned = {column.name for column in tree.find_all(exp.Column)}
        names = [name for name in held.rows.column_names if not columns or name in columns or name in mentioned]
        return held.size(names, self._left(held, tree))

    def _mentioned(self, tree: exp.Expr) -> Iterator[tuple[exp.Table, Held | pa.Table]]:
        shared = {one.alias.lower() for one in tree.find_all(exp.CTE)}
        for node in list(tree.find_all(exp.Table)):
            name = ".".join(part.name for part in node.parts)
            if name.lower() in shared:
                continue
            if name.endswith("INFORMATION_SCHEMA.PARTITIONS"):
                yield node, self._partitions(*name.split(".")[:2])
                continue
            project, dataset, table = name.split(".")
            held = self.tables.get((project, dataset, table))
            if held is None:
                raise KeyError(f"{project}:{dataset}.{table}")
            yield node, held

    def _left(self, held: Held, tree: exp.Expr) -> pa.Table:
        """The rows of the partitions that the conditions on the column of partitioning leave."""
        if held.partition is None:
            return held.rows
        kept = [
            part.sql("duckdb")
            for where in tree.find_all(exp.Where)
            for part in where.this.flatten()
            if {column.name for column in part.find_all(exp.Column)} == {held.partition}
        ] if tree.find(exp.Where) else []  # fmt: skip
        if not kept:
            return held.rows
        part = f"date_trunc('{_PARTITIONS[held.by]}', \"{held.partition}\")"
        with _engine() as engine:
            engine.register("rows", held.rows)
            for number, text in enumerate(kept):
                kept[number] = _bare(text)
            text = f"select * from rows where {part} in (select {part} from rows where {' and '.join(kept)})"
            result: pa.Table = engine.sql(text).to_arrow_table()
            return result

    def _partitions(self, project: str, dataset: str) -> pa.Table:
        """INFORMATION_SCHEMA.PARTITIONS of a dataset."""
        found: list[dict[str, Any]] = []
        forms = {"DAY": "%Y%m%d", "HOUR": "%Y%m%d%H", "MONTH": "%Y%m"}
        for key, held in self.tables.items():
            if key[:2] != (project, dataset) or held.partition is None:
                continue
            with _engine() as engine:
                engine.register("rows", held.rows)
                counted = engine.sql(
                    f"select strftime(\"{held.partition}\", '{forms[held.by]}') as id, count(*) as n from rows group by 1"
                ).fetchall()
            changed = held.told.get("partitions changed", {})
            found += [
                {
                    "table_name": key[2],
                    "partition_id": name or "__NULL__",
                    "total_rows": n,
                    "total_logical_bytes": n,
                    "last_modified_time": changed.get(name, held.changed) * 1000,
                }
                for name, n in counted
            ]
        kinds = [("table_name", pa.string()), ("partition_id", pa.string()), ("total_rows", pa.int64())]
        kinds += [("total_logical_bytes", pa.int64()), ("last_modified_time", pa.timestamp("us", "UTC"))]
        return pa.Table.from_pylist(found, schema=pa.schema(kinds))


def now() -> int:
    """In milliseconds, as resources have it."""
    return int(time.time() * 1000)


def _engine() -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect()
    engine.execute("SET TimeZone = 'UTC'")
    return engine


def _bare(text: str) -> str:
    """A condition whose columns have no table before them."""
    tree = sqlglot.parse_one(text, read="duckdb")
    for column in tree.find_all(exp.Column):
        column.set("table", None)
    return tree.sql("duckdb")


def _word(kind: pa.DataType) -> str:
    return "NUMERIC" if pa.types.is_decimal(kind) else _WORDS[str(kind)]


def _size(column: pa.ChunkedArray) -> int:
    known = len(column) - column.null_count
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return sum(2 + len(value.encode()) for value in column.to_pylist() if value is not None)
    each = 1 if pa.types.is_boolean(column.type) else 16 if pa.types.is_decimal(column.type) else 8
    return int(known * each)
