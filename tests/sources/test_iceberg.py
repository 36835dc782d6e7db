"""Iceberg tables: in catalogs and folders, through changes of their columns, partitions and rows."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.services.iceberg_rest import iceberg_rest
from tests.sources.iceberg_deletes import add_deletes
from tests.sources.lake import DAY, files_in, opened, rows_of, split_rows, table_of, types_of
from tests.sources.test_delta import days, us

from lapwing.model.problem import LapwingError, SourceError


class Lake:
    """A catalog of its own, in SQLite."""

    def __init__(self, folder: Path) -> None:
        from pyiceberg.catalog import load_catalog

        self.folder = folder
        self.properties = {"type": "sql", "uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/data"}
        self.catalog: Any = load_catalog("s", **self.properties)
        self.catalog.create_namespace("shop")

    def make(self, name: str, rows: pa.Table) -> Any:
        table = self.catalog.create_table(f"shop.{name}", rows.schema)
        table.append(rows)
        return table

    def load(self, name: str) -> Any:
        return self.catalog.load_table(f"shop.{name}")


@pytest.fixture(name="lake")
def _lake(tmp_path: Path) -> Iterator[Lake]:
    lake = Lake(tmp_path)
    yield lake
    lake.catalog.close()


def test_a_catalog_lists_its_namespaces(lake: Lake) -> None:
    lake.make("a", days(0, 1))
    lake.catalog.create_namespace("shop.inner")
    lake.catalog.create_table("shop.inner.b", days(0, 1).schema)
    lake.catalog.create_namespace("other")
    lake.catalog.create_table("other.c", days(0, 1).schema)
    with opened(type="iceberg", catalog=lake.properties) as source:
        found = {(table.schema, table.name): table.rows for table in source.tables()}
        assert found == {("shop", "a"): 3, ("shop.inner", "b"): 0, ("other", "c"): 0}
    with opened(type="iceberg", catalog=lake.properties, schemas=("shop",)) as source:
        assert [(table.schema, table.name) for table in source.tables()] == [("shop", "a")]
        assert len(rows_of(source, "a")) == 3


def test_a_catalog_by_http(lake: Lake) -> None:
    lake.make("a", days(0, 2))
    with iceberg_rest(lake.catalog, "secret") as url:
        asked = {"type": "rest", "uri": url, "token": "secret"}
        with opened(type="iceberg", catalog=asked) as source, opened(type="iceberg", catalog=asked) as worker:
            assert [(table.schema, table.name) for table in source.tables()] == [("shop", "a")]
            assert len(rows_of(source, "a", "\"day\" = DATE '2024-01-02'")) == 3
            table = table_of(source, "a")
            mark = source.mark(table)
            splits = source.splits(table, table.columns)
            assert splits is not None
            lake.load("a").append(days(2, 1))
            assert source.mark(table) != mark
            assert len(rows_of(source, "a")) == 9
            assert sum(batch.num_rows for batch in worker.read_split(splits[0])) == 6
        with opened(type="iceberg", catalog=asked | {"token": "wrong"}) as source, pytest.raises(SourceError) as caught:
            source.tables()
        assert caught.value.problems[0].code == "not-permitted"
        assert "wrong" not in str(caught.value)
    with opened(type="iceberg", catalog=asked) as source, pytest.raises(SourceError) as caught:
        source.tables()
    assert caught.value.problems[0].code == "source-unreachable"


def test_tables_without_a_catalog(lake: Lake) -> None:
    """By the warehouse, by a namespace, by the table, by a file of its metadata."""
    table = lake.make("a", days(0, 1))
    old = table.metadata_location
    lake.load("a").append(days(1, 1))
    data = lake.folder / "data"
    for path, schema in ((data, "shop"), (data / "shop", ""), (data / "shop" / "a", "")):
        with opened(type="iceberg", path=path) as source:
            assert [(one.schema, one.name, one.rows) for one in source.tables()] == [(schema, "a", 6)]
            assert len(rows_of(source, "a")) == 6
            assert sum(map(len, split_rows(source, "a"))) == 6
    with opened(type="iceberg", path=Path(old.removeprefix("file://"))) as source:
        assert len(rows_of(source, "a")) == 3
    newest = max((data / "shop/a/metadata").glob("*.metadata.json"))
    newest.with_name(newest.name.replace("-", "-0", 1)).write_bytes(newest.read_bytes())
    with opened(type="iceberg", path=data) as source, pytest.raises(SourceError, match="of the same number") as caught:
        source.tables()
    assert caught.value.problems[0].code == "ambiguous-table"


def test_types(lake: Lake) -> None:
    from pyiceberg import types as ice
    from pyiceberg.schema import Schema

    kinds = {
        "whole": (ice.IntegerType(), "INTEGER", -(2**31)),
        "real": (ice.FloatType(), "FLOAT", 0.5),
        "clock": (ice.TimeType(), "TIME", time(23, 59, 59, 999_999)),
        "id": (ice.UUIDType(), "VARCHAR", str(uuid.UUID(int=5))),
        "fixed": (ice.FixedType(3), "BLOB", b"\0\1\2"),
        "bytes": (ice.BinaryType(), "BLOB", b"\xff"),
    }
    fields = [
        ice.NestedField(number, name, kind, required=False)
        for number, (name, (kind, _, _)) in enumerate(kinds.items(), 1)
    ]
    box = ice.StructType(
        ice.NestedField(21, "at", ice.TimestamptzType(), required=False), ice.NestedField(22, "b", ice.BinaryType())
    )
    tags = ice.ListType(23, ice.StringType(), element_required=False)
    fields += [ice.NestedField(10, "box", box, required=False), ice.NestedField(11, "tags", tags, required=False)]
    table = lake.catalog.create_table("shop.t", Schema(*fields))
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    row = {name: value for name, (_, _, value) in kinds.items()} | {"id": uuid.UUID(int=5).bytes}
    row |= {"box": {"at": moment, "b": b"\1"}, "tags": ["ü", None]}
    table.append(pa.Table.from_pylist([row, dict.fromkeys(row)], table.schema().as_arrow()))
    with opened(type="iceberg", catalog=lake.properties) as source:
        expected = {name: engine for name, (_, engine, _) in kinds.items()}
        assert types_of(source, "t") == expected | {"box": "VARCHAR", "tags": "VARCHAR"}
        first, nothing = rows_of(source, "t")
        assert {name: first[name] for name in kinds} == {name: value for name, (_, _, value) in kinds.items()}
        assert json.loads(first["box"]) == {"at": "2024-01-01T00:00:00+00:00", "b": "01"}
        assert json.loads(first["tags"]) == ["ü", None]
        assert set(nothing.values()) == {None}
        assert len(rows_of(source, "t", f"\"id\" = '{uuid.UUID(int=5)}'")) == 1


def test_columns_that_were_renamed_added_dropped_and_moved(lake: Lake) -> None:
    from pyiceberg import types as ice

    table = lake.make("t", pa.table({"a": pa.array([1], pa.int32()), "b": ["x"], "c": [0.5]}))
    with table.update_schema() as change:
        change.rename_column("a", "z")
    with table.update_schema() as change:
        change.update_column("z", ice.LongType())
        change.delete_column("c")
        change.add_column("a", ice.StringType())
        change.move_first("b")
    with opened(type="iceberg", catalog=lake.properties) as source:
        assert types_of(source, "t") == {"b": "VARCHAR", "z": "BIGINT", "a": "VARCHAR"}
        assert rows_of(source, "t") == [{"b": "x", "z": 1, "a": None}]  # not the a of before
        lake.load("t").append(pa.table({"b": ["y"], "z": pa.array([2**40], pa.int64()), "a": ["new"]}))
        assert rows_of(source, "t", '"z" > 1') == [{"b": "y", "z": 2**40, "a": "new"}]
        assert rows_of(source, "t", '"a" = \'new\' AND "z" BETWEEN 2 AND 5') == []
        assert [row["z"] for row in rows_of(source, "t", '"a" IS NULL')] == [1]
        assert sum(map(len, split_rows(source, "t"))) == 2
        table = table_of(source, "t")
        with lake.load("t").update_schema() as change:
            change.delete_column("a")
        with pytest.raises(SourceError, match=r"shop\.t has no column a") as caught:
            list(source.scan(table, table.columns))
        assert caught.value.problems[0].code == "source-changed"


def test_hidden_partitions_that_changed(lake: Lake) -> None:
    from pyiceberg.transforms import BucketTransform, DayTransform, MonthTransform

    table = lake.catalog.create_table("shop.t", days(0, 1).schema)
    with table.update_spec() as spec:
        spec.add_field("at", MonthTransform())
    lake.load("t").append(days(25, 10))
    with lake.load("t").update_spec() as spec:
        spec.remove_field("at_month")
        spec.add_field("at", DayTransform())
        spec.add_field("n", BucketTransform(2))
    lake.load("t").append(days(30, 3))
    with opened(type="iceberg", catalog=lake.properties) as source:
        assert len(rows_of(source, "t")) == 39
        assert len(rows_of(source, "t", '"at" >= TIMESTAMPTZ \'2024-02-01 00:00:00+00\' AND "n" >= 0')) == 12 + 6
        assert len(rows_of(source, "t", "\"day\" IN (DATE '2024-01-31', DATE '2024-02-02') AND \"n\" < 3")) == 3
        for file in files_in(lake.folder)[:2]:  # those parted by months
            file.unlink()
        assert len(rows_of(source, "t", "\"at\" > TIMESTAMPTZ '2025-01-01 00:00:00+00'")) == 0


def test_files_that_can_not_hold_a_row_are_not_opened(lake: Lake) -> None:
    table = lake.make("t", days(0, 1))
    table.append(days(5, 1))
    files_in(lake.folder)[-1].unlink()
    with opened(type="iceberg", catalog=lake.properties) as source:
        assert len(rows_of(source, "t", "\"at\" < TIMESTAMPTZ '2024-01-02 00:00:00+00'")) == 3
        with pytest.raises(SourceError, match=r"file of s\.shop\.t is not there.*\.parquet") as caught:
            rows_of(source, "t")
        assert caught.value.problems[0].code == "source-changed"


def test_a_damaged_file_is_told(lake: Lake) -> None:
    lake.make("t", days(0, 1))
    files_in(lake.folder)[0].write_bytes(b"nothing at all")
    with opened(type="iceberg", catalog=lake.properties) as source, pytest.raises(SourceError, match=r"s\.shop\.t"):
        rows_of(source, "t")


def test_rows_deleted_by_their_positions(lake: Lake) -> None:
    table = lake.make("t", pa.table({"n": pa.array(range(10), pa.int64())}))
    with opened(type="iceberg", catalog=lake.properties) as source:
        before = source.mark(table_of(source, "t"), "n", 0, 1)
        (task,) = table.scan().plan_files()
        positions = {"file_path": [task.file.file_path] * 2, "pos": pa.array([2, 7], pa.int64())}
        add_deletes(lake.load("t"), pa.table(positions), "positions")
        assert [row["n"] for row in rows_of(source, "t")] == [0, 1, 3, 4, 5, 6, 8, 9]
        assert [row["n"] for row in rows_of(source, "t", '"n" > 5')] == [6, 8, 9]
        assert [len(rows) for rows in split_rows(source, "t")] == [8]
        assert source.mark(table_of(source, "t"), "n", 0, 1) != before


def test_rows_deleted_by_their_values_are_refused(lake: Lake) -> None:
    table = lake.make("t", pa.table({"n": pa.array(range(10), pa.int64())}))
    add_deletes(table, pa.table({"n": pa.array([2], pa.int64())}), "values", [1])
    with opened(type="iceberg", catalog=lake.properties) as source:
        for read in (rows_of, split_rows):
            with pytest.raises(SourceError, match=r"s\.shop\.t can't be read as it is.*equality deletes") as caught:
                read(source, "t")
            assert caught.value.problems[0].code == "source-refused"
            assert caught.value.problems[0].hint


def test_the_mark_of_a_time_is_that_of_its_files(lake: Lake) -> None:
    table = lake.make("t", days(0, 1))
    for day in (10, 20):
        table.append(days(day, 1))
    with opened(type="iceberg", catalog=lake.properties) as source:
        told = table_of(source, "t")

        def marks(column: str = "at") -> list[str]:
            return [source.mark(told, column, us(day), us(day + 1)) for day in (0, 10, 20)]

        before, whole = marks(), source.mark(told)
        assert (marks(), source.mark(told)) == (before, whole)
        by_day = marks("day")
        lake.load("t").append(days(10, 1))
        assert source.mark(told) != whole
        assert [one == other for one, other in zip(before, marks(), strict=True)] == [True, False, True]
        assert [one == other for one, other in zip(by_day, marks("day"), strict=True)] == [True, False, True]


def test_splits_are_of_one_version_and_hold_each_row_once(lake: Lake) -> None:
    table = lake.make("t", days(0, 1))
    for day in (10, 20):
        table.append(days(day, 1))
    config = {"type": "iceberg", "catalog": lake.properties}
    with opened(**config) as source, opened(**config) as worker:
        told = table_of(source, "t")
        splits = source.splits(told, told.columns, time=("at", us(0), us(40)), rows=1)
        assert splits is not None
        assert [split.rows for split in splits] == [3, 3, 3]
        assert all(split.times is not None and split.times[1] - split.times[0] < 4 * DAY for split in splits)
        assert len(source.splits(told, told.columns, time=("at", us(10), us(11)), rows=1) or ()) == 1
        lake.load("t").append(days(10, 5))
        assert len(rows_of(worker, "t")) == 24
        found = [row for split in splits for batch in worker.read_split(split) for row in batch.to_pylist()]
        assert len(found) == 9
        assert {row["at"].date() for row in found} == {date(2024, 1, 1) + timedelta(days=day) for day in (0, 10, 20)}


def test_a_table_without_a_snapshot_is_empty(lake: Lake) -> None:
    lake.catalog.create_table("shop.t", days(0, 1).schema)
    with opened(type="iceberg", catalog=lake.properties) as source:
        told = table_of(source, "t")
        assert (told.rows, told.bytes, rows_of(source, "t")) == (0, 0, [])
        assert source.splits(told, told.columns) == ()
        mark = source.mark(told, "at", us(0), us(1))
        lake.load("t").append(days(0, 1))
        assert source.mark(told, "at", us(0), us(1)) != mark


def test_without_the_library_the_extra_is_named(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.make("t", days(0, 1))
    monkeypatch.setitem(sys.modules, "pyiceberg.catalog", None)
    with opened(type="iceberg", catalog=lake.properties) as source, pytest.raises(LapwingError) as caught:
        source.tables()
    assert caught.value.problems[0].code == "missing-extra"
