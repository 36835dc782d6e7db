"""Deletes of an Iceberg table that are merged on read, as other engines write them: pyiceberg writes none itself."""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def add_deletes(table: Any, rows: pa.Table, kind: str, equality_ids: Sequence[int] = ()) -> None:
    """Commits one file of deletes: of positions (columns file_path and pos), or of values equal to those of `rows`."""
    say: Any = importlib.import_module("pyiceberg.manifest")
    tell: Any = importlib.import_module("pyiceberg.table.snapshots")
    change: Any = importlib.import_module("pyiceberg.table.update")
    from pyiceberg.typedef import Record

    class Writer(say.ManifestWriterV2):  # type: ignore[misc]
        def content(self) -> Any:
            return say.ManifestContent.DELETES

        @property
        def _meta(self) -> dict[str, str]:
            return {**super()._meta, "content": "deletes"}

    path = table.location() + f"/data/{uuid.uuid4()}-deletes.parquet"
    with table.io.new_output(path).create() as out:
        pq.write_table(rows, out)
    content = say.DataFileContent.POSITION_DELETES if kind == "positions" else say.DataFileContent.EQUALITY_DELETES
    file = say.DataFile.from_args(
        content=content,
        file_path=path,
        file_format=say.FileFormat.PARQUET,
        partition=Record(),
        record_count=rows.num_rows,
        file_size_in_bytes=len(table.io.new_input(path)),
        equality_ids=list(equality_ids) or None,
    )
    file.spec_id = table.spec().spec_id
    before = table.current_snapshot()
    number, sequence = uuid.uuid4().int >> 65, table.metadata.last_sequence_number + 1
    where = f"{table.location()}/metadata/{uuid.uuid4()}"
    writer = Writer(table.spec(), table.schema(), table.io.new_output(f"{where}-m0.avro"), number, "null")
    with writer:
        writer.add_entry(
            say.ManifestEntry.from_args(status=say.ManifestEntryStatus.ADDED, snapshot_id=number, data_file=file)
        )
    with say.write_manifest_list(
        2, table.io.new_output(f"{where}-list.avro"), number, before.snapshot_id, sequence, "null"
    ) as listed:
        listed.add_manifests([*before.manifests(table.io), writer.to_manifest_file()])
    snapshot = tell.Snapshot(
        snapshot_id=number,
        parent_snapshot_id=before.snapshot_id,
        sequence_number=sequence,
        manifest_list=f"{where}-list.avro",
        summary=tell.Summary(tell.Operation.DELETE),
        schema_id=table.metadata.current_schema_id,
    )
    with table.transaction() as commit:
        commit._apply(
            (
                change.AddSnapshotUpdate(snapshot=snapshot),
                change.SetSnapshotRefUpdate(ref_name="main", type="branch", snapshot_id=number),
            ),
            (change.AssertRefSnapshotId(ref="main", snapshot_id=before.snapshot_id),),
        )
