"""The emulator of BigQuery in tests: how it differs from BigQuery, in one place, and how tables get into it.

Lapwing is written for BigQuery. What the emulator does otherwise, and what tests or `sources.bigquery_client.emulator()` do
about it:

- NUMERIC(12, 2) loses its digits and is NUMERIC: `DIGITS_LOST`.
- Schemas that are sent to it must have the old names of types (INTEGER, FLOAT, BOOLEAN): with the new ones it reads nothing.
- NaN is kept as NULL, a constant of an infinite double can't be written, and a TIME whose fraction has not 6 digits breaks the
  client. Times without a zone are 8 hours off: constants are written with +00.
- DIV and MOD of BIGNUMERIC have 64 bits: sums and squares beyond them come out wrong (`BEYOND`).
- SUM of NUMERIC over a window is 0, MOD goes by floats beyond 2^53, SUBSTR counts bytes, and a minus before a column is unknown
  (whole statements write `0 - x`; the others are only looked at in `tests/sql/whole`). It refuses no outer join for want of an
  equality, as BigQuery does.
- Dry runs tell no bytes, and run what they are asked; maximum_bytes_billed, cancel and jobTimeoutMs are not known: the source
  sends no bound, and waits for what it cancelled. The double of the APIs is for these.
- The Storage Read API has one stream, sends each batch as a stream of its own, can't read DATETIME or results of jobs, and its
  server dies of ARRAY columns: the source reads these over HTTP. It takes any dataset's table of a name, so a test deletes its
  datasets.
- There is no INFORMATION_SCHEMA.PARTITIONS: the mark of a partition is the table's.
- A GROUP BY over a million rows takes 10 s, and memory grows with every statement: tests have few rows, and a module of tests
  has an emulator of its own.
- The Storage Read API's BYTES are base64. `_` in LIKE stands for nothing but itself (`tests/consistency/emulated.py`).
- Writing by `load_table_from_file` needs the schema; values of BYTES can't be sent as JSON.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from lapwing.model.project import SourceConfig
from lapwing.sources.bigquery_client import open_client

DIGITS_LOST: Final = "DECIMAL(38,9)"
"""What the engine sees of every NUMERIC."""
BEYOND: Final = {
    ("sum", "BIGINT"),
    ("mean", "BIGINT"),
    ("sum", "DECIMAL(38,9)"),
    ("mean", "DECIMAL(38,9)"),
    ("first", "DOUBLE"),
    ("last", "DOUBLE"),
    *(("variance", kind) for kind in ("INTEGER", "BIGINT", "DECIMAL(12,2)", "DECIMAL(18,9)")),
}
"""States that take more than 64 bits on the way, or bring infinite doubles back, by aggregation and type."""
_WORDS: Final = {
    "int64": "INTEGER",
    "double": "FLOAT",
    "bool": "BOOLEAN",
    "string": "STRING",
    "timestamp[us]": "DATETIME",
    "timestamp[us, tz=UTC]": "TIMESTAMP",
    "date32[day]": "DATE",
}


def bigquery_client(project: str) -> Any:
    """A client of the emulator that may write."""
    return open_client(SourceConfig(name="s", type="bigquery", project=project))


@contextmanager
def bigquery_tables(project: str, tables: Mapping[str, pa.Table]) -> Iterator[str]:
    """The name of a dataset of its own that holds `tables`; gone at the end."""
    from google.cloud.bigquery import LoadJobConfig, SchemaField

    dataset = f"test_{uuid.uuid4().hex[:12]}"
    with closing(bigquery_client(project)) as client:
        client.create_dataset(dataset)
        for name, table in tables.items():
            file = io.BytesIO()
            pq.write_table(table, file)
            file.seek(0)
            schema = [SchemaField(field.name, _WORDS[str(field.type)]) for field in table.schema]
            config = LoadJobConfig(source_format="PARQUET", schema=schema)
            client.load_table_from_file(file, f"{project}.{dataset}.{name}", job_config=config).result(timeout=60)
        try:
            yield dataset
        finally:
            client.delete_dataset(dataset, delete_contents=True, not_found_ok=True)
