"""Delta tables: what their logs say of files, versions and columns, and what may be wrong with them."""

from __future__ import annotations

import base64
import json
import struct
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from tests.sources.lake import DAY, files_in, opened, rows_of, split_rows, table_of, types_of

from lapwing.model.problem import LapwingError, SourceError

START = datetime(2024, 1, 1, tzinfo=UTC)


def days(first: int, count: int, rows: int = 3) -> pa.Table:
    """`rows` of each of `count` days from the `first` of January on, the last of them in the day's last microsecond."""
    moments = [START + timedelta(days=first + day, hours=row) for day in range(count) for row in range(rows - 1)]
    moments += [START + timedelta(days=first + day + 1, microseconds=-1) for day in range(count)]
    return pa.table(
        {
            "at": pa.array(sorted(moments), pa.timestamp("us", tz="UTC")),
            "n": pa.array(range(len(moments)), pa.int64()),
            "day": pa.array([moment.date() for moment in sorted(moments)], pa.date32()),
        }
    )


def us(day: int) -> int:
    return int((START + timedelta(days=day)).timestamp()) * 1_000_000


def test_tables_lie_in_folders_and_folders_in_these_are_schemas(tmp_path: Path) -> None:
    for name in ("a", "shop/b", "shop/c", "other/b"):
        write_deltalake(tmp_path / name, days(0, 1), description=f"of {name}")
    with opened(type="delta", path=tmp_path) as source:
        assert {(table.schema, table.name) for table in source.tables()} == {
            ("", "a"),
            ("shop", "b"),
            ("shop", "c"),
            ("other", "b"),
        }
        assert {table.description for table in source.tables()} >= {"of a", "of shop/b"}
        assert table_of(source, "a").rows == 3
    with opened(type="delta", path=tmp_path / "shop" / "b") as source:
        assert [(table.schema, table.name) for table in source.tables()] == [("", "b")]
        assert len(rows_of(source, "b")) == 3


def test_types_without_a_like_travel_as_text_and_the_others_as_they_are(tmp_path: Path) -> None:
    table = pa.table(
        {
            "small": pa.array([1], pa.int8()),
            "bytes": pa.array([b"\x00\xff"], pa.binary()),
            "real": pa.array([0.5], pa.float32()),
            "list": pa.array([[1, None]], pa.list_(pa.int64())),
            "box": pa.array([{"a": "ü", "on": date(2024, 2, 29)}]),
            "wide": pa.array([Decimal("9" * 28 + "." + "1" * 10)], pa.decimal128(38, 10)),
            "wall": pa.array([datetime(1969, 12, 31, 23, 59, 59, 999_999)], pa.timestamp("us")),
        }
    )
    write_deltalake(tmp_path / "t", table)
    with opened(type="delta", path=tmp_path) as source:
        assert types_of(source, "t") == {
            "small": "TINYINT",
            "bytes": "BLOB",
            "real": "FLOAT",
            "list": "VARCHAR",
            "box": "VARCHAR",
            "wide": "DECIMAL(38,10)",
            "wall": "TIMESTAMP",
        }
        (row,) = rows_of(source, "t")
        assert row["list"] == "[1,null]"
        assert json.loads(row["box"]) == {"a": "ü", "on": "2024-02-29"}
        assert {name: row[name] for name in ("small", "bytes", "real", "wide", "wall")} == {
            name: table.column(name)[0].as_py() for name in ("small", "bytes", "real", "wide", "wall")
        }


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        # Logs keep moments to the millisecond: the file's greatest is told as .999.
        ("\"at\" > TIMESTAMPTZ '2024-01-01 23:59:59.9995+00'", 1),
        ("\"at\" = TIMESTAMPTZ '2024-01-01 23:59:59.999999+00'", 1),
        # And numbers of JSON have lost digits of these.
        ('"wide" > 123456789012345678.654320', 1),
        ('"wide" = 123456789012345678.654321', 1),
        ('"long" >= \'' + "x" * 60 + "'", 1),
        ('"n" IN (1, 2) OR "wide" < 0', 1),
        ('"n" IS NULL', 0),
    ],
)
def test_what_logs_round_leaves_out_no_rows(tmp_path: Path, where: str, rows: int) -> None:
    table = pa.table(
        {
            "at": pa.array([datetime(2024, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC)], pa.timestamp("us", tz="UTC")),
            "wide": pa.array([Decimal("123456789012345678.654321")], pa.decimal128(30, 6)),
            "long": pa.array(["x" * 80]),
            "n": pa.array([1], pa.int64()),
        }
    )
    write_deltalake(tmp_path / "t", table)
    with opened(type="delta", path=tmp_path) as source:
        assert len(rows_of(source, "t", where)) == rows


def test_files_that_can_not_hold_a_row_are_not_opened(tmp_path: Path) -> None:
    for day in range(4):
        write_deltalake(tmp_path / "t", days(day, 1), mode="append")
    for file in files_in(tmp_path)[1:]:
        file.write_bytes(b"nothing")
    with opened(type="delta", path=tmp_path) as source:
        assert len(rows_of(source, "t", "\"at\" < TIMESTAMPTZ '2024-01-01 12:00:00+00'")) == 2
        assert len(rows_of(source, "t", "\"day\" IN (DATE '2024-01-01', DATE '2023-05-05')")) == 3
        with pytest.raises(SourceError, match=r"s\.t can't be read.*\.parquet") as caught:
            rows_of(source, "t", "\"at\" > TIMESTAMPTZ '2024-01-03 12:00:00+00'")
        assert caught.value.problems[0].code == "source-unreadable"


def test_partitions_of_any_name(tmp_path: Path) -> None:
    keys = ["a b", "ü%/x:y", None, "1", "'"]
    table = pa.table({"k": pa.array(keys), "v": pa.array(range(5), pa.int32())})
    write_deltalake(tmp_path / "t", table, partition_by=["k"])
    with opened(type="delta", path=tmp_path) as source:
        assert {row["v"]: row["k"] for row in rows_of(source, "t")} == dict(enumerate(keys))
        assert [row["v"] for row in rows_of(source, "t", "\"k\" = 'ü%/x:y'")] == [1]
        assert [row["v"] for row in rows_of(source, "t", '"k" IS NULL')] == [2]
        assert len(rows_of(source, "t", '"v" >= 1 AND "k" >= \'1\'')) == 2


def test_columns_that_came_later_are_null_before(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", pa.table({"a": pa.array([1], pa.int64()), "b": ["x"]}))
    later = pa.table({"c": pa.array([2.5]), "b": ["y"], "a": pa.array([2], pa.int64())})
    write_deltalake(tmp_path / "t", later, mode="append", schema_mode="merge")
    with opened(type="delta", path=tmp_path) as source:
        assert types_of(source, "t") == {"a": "BIGINT", "b": "VARCHAR", "c": "DOUBLE"}
        assert sorted(rows_of(source, "t"), key=lambda row: int(row["a"])) == [
            {"a": 1, "b": "x", "c": None},
            {"a": 2, "b": "y", "c": 2.5},
        ]
        assert rows_of(source, "t", '"c" IS NULL') == [{"a": 1, "b": "x", "c": None}]
        table = table_of(source, "t")
        write_deltalake(tmp_path / "t", pa.table({"a": ["text"]}), mode="overwrite", schema_mode="overwrite")
        with pytest.raises(SourceError, match=r"s\.t has no column") as caught:
            list(source.scan(table, table.columns))
        assert caught.value.problems[0].code == "source-changed"


def test_the_mark_is_the_version_and_of_a_time_its_files(tmp_path: Path) -> None:
    """Other days than those that were written are as they were."""
    for day in (0, 10, 20):
        write_deltalake(tmp_path / "t", days(day, 1), mode="append")
    with opened(type="delta", path=tmp_path) as source:
        table = table_of(source, "t")

        def marks() -> list[str]:
            return [source.mark(table, "at", us(day), us(day + 1)) for day in (0, 10, 20)]

        before, whole = marks(), source.mark(table)
        assert (marks(), source.mark(table)) == (before, whole)
        write_deltalake(tmp_path / "t", days(10, 1), mode="append")
        assert source.mark(table) != whole
        after = marks()
        assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True]
        DeltaTable(tmp_path / "t").delete("day = '2024-01-01' and n = 0")
        assert [one == other for one, other in zip(after, marks(), strict=True)] == [False, True, True]
        assert source.mark(table, "n", us(0), us(1))  # no time: nothing is known of its files' times


def test_a_table_made_anew_is_another(tmp_path: Path) -> None:
    import shutil

    write_deltalake(tmp_path / "t", days(0, 1))
    with opened(type="delta", path=tmp_path) as source:
        table = table_of(source, "t")
        mark = source.mark(table)
        shutil.rmtree(tmp_path / "t")
        write_deltalake(tmp_path / "t", days(0, 1, 5))
        assert source.mark(table) != mark
        assert len(rows_of(source, "t")) == 5


def test_splits_are_of_one_version_and_hold_each_row_once(tmp_path: Path) -> None:
    for day in (0, 10, 20):
        write_deltalake(tmp_path / "t", days(day, 1), mode="append")
    with opened(type="delta", path=tmp_path) as source, opened(type="delta", path=tmp_path) as worker:
        table = table_of(source, "t")
        splits = source.splits(table, table.columns, time=("at", us(0), us(30)), rows=1)
        assert splits is not None
        assert [split.rows for split in splits] == [3, 3, 3]
        assert all(split.times is not None and split.times[1] - split.times[0] < 4 * DAY for split in splits)
        assert len(source.splits(table, table.columns, time=("at", us(10), us(11)), rows=1) or ()) == 1
        assert len(split_rows(source, "t")) == 1  # small files go together
        write_deltalake(tmp_path / "t", days(10, 5), mode="append")
        found = [row for split in splits for batch in worker.read_split(split) for row in batch.to_pylist()]
        assert len(found) == 9
        kept = table_of(worker, "t")  # and now it knows a later version
        assert (kept.rows, len(rows_of(worker, "t"))) == (24, 24)
        assert sum(batch.num_rows for batch in worker.read_split(splits[0])) == 3


def test_files_removed_after_the_plan_are_told(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", days(0, 1))
    with opened(type="delta", path=tmp_path) as source:
        table = table_of(source, "t")
        splits = source.splits(table, table.columns)
        assert splits is not None
        write_deltalake(tmp_path / "t", days(1, 1), mode="overwrite")
        DeltaTable(tmp_path / "t").vacuum(0, enforce_retention_duration=False, dry_run=False)
        with pytest.raises(SourceError, match=r"file of s\.t is not there any more.*\.parquet") as caught:
            list(source.read_split(splits[0]))
        assert caught.value.problems[0].code == "source-changed"


def test_a_damaged_table_hurts_only_those_who_ask_for_it(tmp_path: Path) -> None:
    for name in ("good", "bad"):
        write_deltalake(tmp_path / name, days(0, 1))
    (tmp_path / "bad/_delta_log/00000000000000000000.json").write_text("{")
    with opened(type="delta", path=tmp_path) as source:
        assert [table.name for table in source.tables()] == ["good"]
        assert set(source.broken()) == {"bad"}
        assert "s.bad" in str(source.broken()["bad"])


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with opened(type="delta", path=tmp_path / "none") as source, pytest.raises(SourceError) as caught:
        source.tables()
    assert caught.value.problems[0].code == "missing-path"


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_deltalake(tmp_path / "t", days(0, 1))
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with opened(type="delta", path=tmp_path) as source, pytest.raises(LapwingError) as caught:
        source.tables()
    assert caught.value.problems[0].code == "missing-extra"
    assert "lapwing[lake]" in str(caught.value.problems[0].hint)


def written_by_others(folder: Path, *, renamed: bool, deleted: tuple[int, ...]) -> None:
    """A table as other engines write it: with names of columns that differ in the files, and rows that a deletion vector,
    inside of the log, takes away."""
    from pyroaring import BitMap

    (folder / "_delta_log").mkdir(parents=True)
    file = "col-1" if renamed else "n"
    pq.write_table(pa.table({file: pa.array(range(10), pa.int64())}), folder / "part.parquet")
    field: dict[str, Any] = {"name": "n", "type": "long", "nullable": True, "metadata": {}}
    if renamed:
        field["metadata"] = {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1"}
    features = ["deletionVectors", *(["columnMapping"] if renamed else [])]
    configuration = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "1"} if renamed else {}
    add: dict[str, Any] = {
        "path": "part.parquet",
        "partitionValues": {},
        "size": (folder / "part.parquet").stat().st_size,
        "modificationTime": 0,
        "dataChange": True,
        "stats": json.dumps({"numRecords": 10}),
    }
    if deleted:
        bits = BitMap(deleted).serialize()
        held = struct.pack("<iqi", 1681511377, 1, 0) + bits
        padded = held + b"\0" * (-len(held) % 4)
        add["deletionVector"] = {
            "storageType": "i",
            "pathOrInlineDv": _z85(padded),
            "sizeInBytes": len(held),
            "cardinality": len(deleted),
        }
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features, "writerFeatures": features}
    meta = {
        "id": "0f5a9c7e-8a43-4b8e-9a40-2f6f9b6f1c11",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": [field]}),
        "partitionColumns": [],
        "configuration": configuration,
        "createdTime": 0,
    }
    lines = [{"protocol": protocol}, {"metaData": meta}, {"add": add}]
    log = folder / "_delta_log" / "00000000000000000000.json"
    log.write_text("\n".join(json.dumps(line) for line in lines) + "\n")


def _z85(data: bytes) -> str:
    """Base85 in the alphabet of ZeroMQ, as the protocol wants it."""
    ours = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
    theirs = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    return base64.b85encode(data).decode().translate(str.maketrans(ours, theirs))


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("deleted", [(), (2, 7)])
def test_deleted_rows_and_renamed_columns(tmp_path: Path, renamed: bool, deleted: tuple[int, ...]) -> None:
    written_by_others(tmp_path / "t", renamed=renamed, deleted=deleted)
    with opened(type="delta", path=tmp_path) as source:
        assert types_of(source, "t") == {"n": "BIGINT"}
        assert sorted(row["n"] for row in rows_of(source, "t")) == [n for n in range(10) if n not in deleted]
        assert sorted(row["n"] for row in rows_of(source, "t", '"n" > 5')) == [
            n for n in range(6, 10) if n not in deleted
        ]
        assert len(rows_of(source, "t", limit=3)) >= 3
        table = table_of(source, "t")
        assert source.splits(table, table.columns) is None  # it is read in stretches of time
        assert source.mark(table, "n", 0, 1) == source.mark(table)
