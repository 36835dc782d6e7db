"""BigQuery: its tables by the Storage Read API, statements by jobs, the catalog and costs by the REST API."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final

import pyarrow as pa

from lapwing.model.problem import LapwingError, SourceError, TimeLimit
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Capabilities, Column, Family, Operation, Source, Spent, Split, Stream, Table
from lapwing.sources.bigquery_client import emulator, open_client, open_storage, streamed
from lapwing.sources.bigquery_errors import explain
from lapwing.sources.bigquery_partitions import Partitions
from lapwing.sources.bigquery_stream import (
    JobStream,
    TableStream,
    check_bytes,
    failures,
    open_session,
    read_stream,
    retry,
)
from lapwing.sources.bigquery_types import Field, field_of
from lapwing.sources.bill import current
from lapwing.sources.engine import Engine
from lapwing.sources.quote import select
from lapwing.sources.streams import as_promised, schema_of
from lapwing.states.dialects import dialect_of

# NaN is equal to itself and the greatest in the engine, and neither in BigQuery: floats are compared in the engine.
_EXACT: Final = frozenset(Family) - {Family.FLOAT}
CAPABILITIES: Final = Capabilities(
    dialect="bigquery",
    optimizer=True,
    pushable={
        Operation.EQUAL: _EXACT,
        Operation.ORDER: _EXACT,
        Operation.IN: _EXACT,
        Operation.IS_NULL: frozenset(Family),
        Operation.LIKE: frozenset({Family.TEXT}),
        Operation.PREFIX: frozenset({Family.TEXT}),
        Operation.AND_OR_NOT: frozenset(Family),
        Operation.ARITHMETIC: frozenset({Family.INTEGER}),
        Operation.LIMIT: frozenset(Family),
    },
)
_CATALOG_SECONDS: Final = 60.0
_AT_ONCE: Final = 16
_SPLIT_ROWS: Final = 1_000_000
_MOST_SPLITS: Final = 1_000
"""Of a session; BigQuery gives no more."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A table as the REST API tells it."""

    table: Table
    path: tuple[str, str, str]
    fields: dict[str, Field]
    plain: bool
    """It can be read without a job: it is no view."""


class BigQuerySource(Source):
    """See the module. The first dataset of the configuration is left out of names."""

    kind: ClassVar[str] = "bigquery"
    marks_quickly: ClassVar[bool] = True

    def __init__(self, config: SourceConfig, engine: Engine | None = None) -> None:
        self.name, self._config, self._place = config.name, config, config.place
        self._time_limit = config.time_limit
        self.capabilities = CAPABILITIES
        self._seen: tuple[float, dict[tuple[str, str], _Known]] | None = None
        self._opened: tuple[Any, Any] | None = None
        self._lock = threading.Lock()
        self._partitions = Partitions(lambda: self._job(self._time_limit, None))

    def tables(self) -> tuple[Table, ...]:
        return tuple(known.table for known in self._tables().values())

    def forget(self) -> None:
        with self._lock:
            self._seen = None

    def read(self, sql: str, columns: tuple[Column, ...], *, time_limit: float | None = None) -> Stream:
        limit = time_limit if time_limit is not None else self._time_limit
        return JobStream(
            self.name,
            self._clients,
            sql,
            columns,
            config=partial(self._job, limit, self._most()),
            time_limit=limit,
            explain_error=self._explain,
        )

    def scan(
        self,
        table: Table,
        columns: tuple[Column, ...],
        where: str | None = None,
        limit: int | None = None,
        *,
        time_limit: float | None = None,
    ) -> Stream:
        """Without a job, which costs less and starts at once; with one where a column has to be made into text, or the table
        is a view."""
        known = None if table.body else self._as_they_are(table, columns)
        if known is None or not columns:
            return super().scan(table, columns, where, limit, time_limit=time_limit)
        return TableStream(
            self.name,
            lambda: self._clients()[1],
            _path(known),
            columns,
            parent=self._parent,
            where=where,
            limit=limit,
            most=self._most(),
            time_limit=time_limit if time_limit is not None else self._time_limit,
            explain_error=self._explain,
        )

    def splits(
        self,
        table: Table,
        columns: tuple[Column, ...],
        *,
        where: str | None = None,
        time: tuple[str, int, int] | None = None,
        rows: int | None = None,
    ) -> tuple[Split, ...] | None:
        """The streams of one read session, which is of one moment."""
        known = self._as_they_are(table, columns)
        if known is None or not columns:
            return None
        names = [column.name for column in columns]
        most = -(-(table.rows or 0) // (rows or _SPLIT_ROWS)) if emulator() is None else 1
        with self._asked():
            storage = self._clients()[1]
            session = open_session(storage, self._parent, _path(known), names, where, max(1, min(most, _MOST_SPLITS)))
            check_bytes(self.name, session, self._most())
            if (bill := current()) is not None:
                scanned = int(session.estimated_total_bytes_scanned)
                bill.add(Spent(bytes_processed=scanned, bytes_billed=scanned))
            schema = bytes(session.arrow_schema.serialized_schema)
            each = int(session.estimated_row_count or table.rows or 0) // max(1, len(session.streams))
            return tuple(
                Split(source=self.name, table=table.name, columns=columns, what=(one.name, schema), rows=each)
                for one in session.streams
            )

    def read_split(self, split: Split, *, time_limit: float | None = None) -> Iterator[pa.RecordBatch]:
        stream, schema = split.what
        names = [column.name for column in split.columns]
        until = None if time_limit is None else time.monotonic() + time_limit
        with self._asked():
            for batch in read_stream(self._clients()[1], schema, str(stream)):
                yield as_promised(self.name, batch.select(names), split.columns, schema_of(split.columns))
                if until is not None and time.monotonic() > until:
                    raise TimeLimit.of("time-limit", f"{self.name} did not send its part in {time_limit:g} s.")

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        quote = dialect_of("bigquery").quote
        known = self._tables().get((table.schema, table.name))
        fields = known.fields if known else {}
        wanted = [
            f"{one.sql} AS {quote(column.name)}" if (one := fields.get(column.name)) and one.sql else quote(column.name)
            for column in columns
        ]
        return select(wanted, self.placed(table), where, limit)

    def reference(self, table: Table) -> str:
        known = self._tables().get((table.schema, table.name))
        project, dataset, name = known.path if known else (*self._named(table.schema), table.name)
        return dialect_of("bigquery").quote(f"{project}.{dataset}.{name}")

    def estimate(self, sql: str) -> int | None:
        from google.cloud.bigquery import QueryJobConfig

        if emulator() is not None:
            return None  # its dry runs tell no bytes
        with self._asked() as client:
            config = QueryJobConfig(dry_run=True, use_query_cache=False, labels=dict(self._config.labels))
            job = client.query(sql, job_config=config, retry=retry(), job_retry=None, timeout=self._time_limit)
            return int(job.total_bytes_processed or 0)

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        """When the table was last written, and how much it holds: numbers that every change moves, told without reading a row.
        Of a table that is partitioned by `column` those of the partitions asked about alone. Nothing is known of a view,
        which therefore may always have changed."""
        known = self._tables()[table.schema, table.name]
        with self._asked() as client:
            told = client.get_table(".".join(known.path), retry=retry(), timeout=self._time_limit)
            if told.table_type not in ("TABLE", "MATERIALIZED_VIEW", "SNAPSHOT"):
                return f"unknown {time.time_ns()}"
            buffered = told.streaming_buffer.estimated_rows if told.streaming_buffer else 0
            whole = f"{told.modified and told.modified.timestamp()} {told.num_rows} {told.num_bytes} {buffered}"
            parted = told.time_partitioning
            if parted is None or parted.field != column or start is None or end is None or emulator() is not None:
                return whole
            return self._partitions.mark(client, known.path, parted.type_, start, end, whole, buffered)

    def version(self, table: Table, *, anew: bool = False) -> str | None:
        """When the table was last written. Of views, which follow other tables, and while rows are streamed in, whose arrival
        is told late, nothing is known."""
        known = self._tables().get((table.schema, table.name))
        if known is None:
            return None
        with self._asked() as client:
            told = client.get_table(".".join(known.path), retry=retry(), timeout=self._time_limit)
        if told.table_type not in ("TABLE", "SNAPSHOT") or told.streaming_buffer or told.modified is None:
            return None
        created = told.created.timestamp() if told.created else 0
        return f"{created} {told.modified.timestamp()} {told.num_rows} {told.num_bytes}"

    def close(self) -> None:
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened[0].close()
            if opened[1] is not None:
                opened[1].transport.close()

    # -- what it is asked with

    @property
    def _parent(self) -> str:
        return f"projects/{self._config.project}"

    def _as_they_are(self, table: Table, columns: Sequence[Column]) -> _Known | None:
        """The table, if the Storage Read API can send these columns of it."""
        known = self._tables().get((table.schema, table.name))
        if known is None or not known.plain or self._clients()[1] is None:
            return None
        return known if all(known.fields[one.name].sql is None and streamed(one) for one in columns) else None

    def _clients(self) -> tuple[Any, Any]:
        with self._lock:
            if self._opened is None:
                self._opened = (open_client(self._config), open_storage(self._config))
            return self._opened

    def _most(self) -> int | None:
        """The bytes that one read may be billed for: by the project file, and by whoever asks."""
        bill = current()
        bounds = [self._config.maximum_bytes_billed, None if bill is None else bill.most]
        return min((one for one in bounds if one is not None), default=None)

    def _job(self, limit: float | None, most: int | None) -> Any:
        from google.cloud.bigquery import QueryJobConfig

        config = QueryJobConfig(labels={"lapwing": "query", **self._config.labels})
        if most is not None and emulator() is None:
            config.maximum_bytes_billed = most
        if limit is not None:
            config.job_timeout_ms = int(limit * 1000)
        return config

    @contextmanager
    def _asked(self) -> Iterator[Any]:
        try:
            yield self._clients()[0]
        except failures() as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> LapwingError:
        return explain(self.name, self._place, error)

    # -- the catalog

    def _named(self, schema: str) -> tuple[str, str]:
        """Project and dataset of a schema's name."""
        for number, dataset in enumerate(self._config.datasets):
            project, _, name = dataset.rpartition(".")
            if schema == ("" if number == 0 else name):
                return project or str(self._config.project), name
        return str(self._config.project), schema

    def _tables(self) -> dict[tuple[str, str], _Known]:
        with self._lock:
            seen = self._seen
        if seen is None or time.monotonic() - seen[0] > _CATALOG_SECONDS:
            seen = (time.monotonic(), {(one.table.schema, one.table.name): one for one in self._look()})
            with self._lock:
                self._seen = seen
        return seen[1]

    def _look(self) -> list[_Known]:
        with self._asked() as client, ThreadPoolExecutor(_AT_ONCE, f"look {self.name}") as pool:
            listed = [
                (schema, item.reference)
                for schema, dataset in self._schemas(client)
                for item in client.list_tables(dataset, retry=retry(), timeout=self._time_limit)
            ]
            told = pool.map(lambda one: client.get_table(one[1], retry=retry(), timeout=self._time_limit), listed)
            return [self._described(schema, table) for (schema, _), table in zip(listed, told, strict=True)]

    def _schemas(self, client: Any) -> list[tuple[str, str]]:
        """The schemas shown, with the datasets that they are."""
        if self._config.datasets:
            names = [one.rpartition(".")[2] for one in self._config.datasets]
            repeated = {name for name in names if names.count(name) > 1}
            if repeated:
                raise SourceError.of(
                    "ambiguous-dataset",
                    f"{self.name} has two datasets called {repeated.pop()}.",
                    place=self._place,
                    hint="Make a source for each project.",
                )
            schemas = ["", *names[1:]]
            return [(s, ".".join((*self._named(s),))) for s in schemas]
        every = client.list_datasets(retry=retry(), timeout=self._time_limit)
        return [(one.dataset_id, f"{one.project}.{one.dataset_id}") for one in every]

    def _described(self, schema: str, told: Any) -> _Known:
        fields = {one["name"]: field_of(one) for one in told.to_api_repr().get("schema", {}).get("fields", [])}
        table = Table(
            source=self.name,
            schema=schema,
            name=told.table_id,
            columns=tuple(field.column for field in fields.values()),
            rows=told.num_rows,
            bytes=told.num_bytes,
            description=told.description or "",
        )
        return _Known(table, (told.project, told.dataset_id, told.table_id), fields, told.table_type == "TABLE")


def _path(known: _Known) -> str:
    project, dataset, name = known.path
    return f"projects/{project}/datasets/{dataset}/tables/{name}"


SOURCE: Final = BigQuerySource
