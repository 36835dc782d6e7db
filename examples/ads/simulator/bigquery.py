"""Days of events into BigQuery: a table partitioned by day and clustered by campaign, loaded day by day."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.events import SCHEMA
from simulator.parquet import Others

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, SchemaField, Table

_SECONDS = 600.0
_TYPES = {pa.int64(): "INTEGER", pa.string(): "STRING", pa.timestamp("us", "UTC"): "TIMESTAMP", pa.bool_(): "BOOLEAN"}


def write_bigquery(
    project: str,
    dataset: str,
    location: str | None,
    days: Iterable[date],
    draw: Callable[[date], pa.Table],
    others: Others,
) -> int:
    """Makes the table `events` of a dataset and the others anew and loads them; gives the number of events. It goes to
    the emulator where BIGQUERY_EMULATOR_HOST names one."""
    from google.api_core.exceptions import NotFound
    from google.cloud.bigquery import TimePartitioning

    total = 0
    with _client(project, location) as client:
        try:
            client.get_dataset(f"{project}.{dataset}", timeout=_SECONDS)
        except NotFound:
            client.create_dataset(f"{project}.{dataset}", timeout=_SECONDS)
        events = _made(client, f"{project}.{dataset}.events", SCHEMA)
        events.time_partitioning = TimePartitioning(field="event_time")
        events.clustering_fields = ["campaign_id", "country"]
        events = client.create_table(events, timeout=_SECONDS)
        for day in days:
            table = draw(day)
            _load(client, events, table)
            total += table.num_rows
        for name, table in others().items():
            made = client.create_table(_made(client, f"{project}.{dataset}.{name}", table.schema), timeout=_SECONDS)
            _load(client, made, table)
    return total


@contextmanager
def _client(project: str, location: str | None) -> Iterator[Client]:
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.bigquery import Client

    emulator = os.environ.get("BIGQUERY_EMULATOR_HOST")
    if emulator:
        address = emulator if "://" in emulator else f"http://{emulator}"
        anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
        client = Client(project, anonymous, client_options=ClientOptions(api_endpoint=address), location=location)
    else:
        client = Client(project, location=location)
    with client:
        yield client


def _made(client: Client, name: str, schema: pa.Schema) -> Table:
    """A table that is not there yet; one of that name is removed."""
    from google.cloud.bigquery import Table

    client.delete_table(name, not_found_ok=True, timeout=_SECONDS)
    return Table(name, schema=[_field(field) for field in schema])


def _field(field: pa.Field) -> SchemaField:
    from google.cloud.bigquery import SchemaField

    described = {"name": field.name, "mode": "NULLABLE" if field.nullable else "REQUIRED"}
    if pa.types.is_decimal(field.type):  # the API spells numbers of 64 bits as texts
        digits = {"precision": str(field.type.precision), "scale": str(field.type.scale)}
        return SchemaField.from_api_repr({**described, "type": "NUMERIC", **digits})
    return SchemaField.from_api_repr({**described, "type": _TYPES[field.type]})


def _load(client: Client, table: Table, rows: pa.Table) -> None:
    """One job a table: it is in as a whole, or not at all."""
    from google.cloud.bigquery import LoadJobConfig, SourceFormat

    file = io.BytesIO()
    pq.write_table(rows, file, compression="zstd", store_decimal_as_integer=True)
    how = LoadJobConfig(source_format=SourceFormat.PARQUET, schema=table.schema)
    client.load_table_from_file(file, table, rewind=True, job_config=how, timeout=_SECONDS).result(timeout=_SECONDS)
