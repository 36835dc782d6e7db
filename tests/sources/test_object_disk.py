"""Files in object storage: their names, that they are as they would be on a disk, and what is told where they are not."""

from __future__ import annotations

import gzip
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.services.base import free_port
from tests.sources.lake import DAY, opened, rows_of, split_rows, table_of, types_of
from tests.sources.worlds import STORED, storage_of, store

from lapwing.model.problem import SourceError
from lapwing.model.project import Storage
from lapwing.sources.base import Source
from lapwing.sources.storage import filesystem

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
CSV = b'id;price;day;said\n1;2.50;2024-01-01;"a;b"\n2;;2024-01-02;\n'
JSON = b'{"a": 1, "b": "x", "at": "2024-01-01 10:00:00"}\n{"a": null, "b": "\xc3\xbc"}\n'


@pytest.fixture(params=STORED)
def place(request: pytest.FixtureRequest) -> tuple[str, Storage]:
    """A folder of its own, and how it is reached."""
    url = request.getfixturevalue(f"{request.param}_dsn")
    scheme = "s3" if request.param == "s3" else "gs"
    return f"{scheme}://files/{uuid.uuid4().hex[:12]}", storage_of(request.param, url)


@pytest.fixture
def s3_place(s3_dsn: str) -> tuple[str, Storage]:
    return f"s3://files/{uuid.uuid4().hex[:12]}", storage_of("s3", s3_dsn)


def day(number: int, rows: int = 3) -> pa.Table:
    moments = [BEGIN + timedelta(days=number, hours=hour) for hour in range(rows)]
    return pa.table(
        {"at": pa.array(moments, pa.timestamp("us", "UTC")), "n": [number * 10 + row for row in range(rows)]}
    )


@contextmanager
def reading(uri: str, storage: Storage) -> Iterator[Source]:
    with opened(type="files", uri=uri, storage=storage) as source:
        yield source


def names(uri: str, storage: Storage) -> list[str]:
    with reading(uri, storage) as source:
        return [table.name for table in source.tables()]


def test_what_tables_are_called(place: tuple[str, Storage]) -> None:
    root, storage = place
    for name in (
        "orders/2024/a.parquet",
        "orders/b.parquet",
        "plain.parquet",
        "orders/_temporary/0/c.parquet",
        "_x.parquet",
    ):
        store(f"{root}/{name}", storage, day(0))
    store(f"{root}/notes.txt", storage, b"no table")
    assert names(root, storage) == ["orders", "plain"]
    assert names(f"{root}/plain.parquet", storage) == ["plain"]
    assert names(f"{root}/orders/*.parquet", storage) == ["orders"]
    with reading(root, storage) as source:
        assert table_of(source, "orders").rows == 6
        assert len(rows_of(source, "orders")) == 6
    for pattern, found in (("*.parquet", 3), ("orders/**/*.parquet", 6), ("**/[ab].parquet", 6), ("o*/b.parq*", 3)):
        with reading(f"{root}/{pattern}", storage) as source:
            (table,) = source.tables()
            assert (table.rows, len(rows_of(source, table.name))) == (found, found), pattern


def test_parts_by_folders(place: tuple[str, Storage]) -> None:
    root, storage = place
    for number in range(3):
        store(f"{root}/events/day=2024-01-0{number + 1}/country=NZ/part-0.parquet", storage, day(number))
    for uri in (root, f"{root}/events", f"{root}/events/day=*/*/*.parquet", f"{root}/events/**/*.parquet"):
        with reading(uri, storage) as source:
            (table,) = source.tables()
            assert table.name == "events"
            assert types_of(source, "events") == {
                "at": "TIMESTAMP WITH TIME ZONE",
                "n": "BIGINT",
                "country": "VARCHAR",
                "day": "DATE",
            }
            assert {row["n"] for row in rows_of(source, "events", "day = DATE '2024-01-02'")} == {10, 11, 12}
            assert "of 3 files" in source.shown(table)
            assert "source-" not in source.shown(table)


def test_text_files_are_as_on_a_disk(place: tuple[str, Storage], tmp_path: Path) -> None:
    root, storage = place
    contents = {"orders.csv": CSV, "packed.csv.gz": gzip.compress(CSV), "tree.jsonl": JSON, "many/a.csv": CSV}
    contents["many/b.csv"] = b"id;more\n7;true\n"
    for name, content in contents.items():
        store(f"{root}/{name}", storage, content)
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with reading(root, storage) as stored, opened(type="files", path=tmp_path) as local:
        assert [table.name for table in stored.tables()] == [table.name for table in local.tables()]
        for table in local.tables():
            assert types_of(stored, table.name) == types_of(local, table.name)
            assert rows_of(stored, table.name) == rows_of(local, table.name)


def test_a_damaged_file_hurts_its_own_table(s3_place: tuple[str, Storage]) -> None:
    root, storage = s3_place
    store(f"{root}/well.parquet", storage, day(0))
    store(f"{root}/short.csv", storage, b"a,b,c\n1,2,3\n4,5\n6,7,8\n")
    store(f"{root}/none.parquet", storage, b"no Parquet at all")
    with reading(root, storage) as source:
        assert [table.name for table in source.tables()] == ["well"]
        broken = source.broken()
        assert "line 3 of short.csv has 2 values" in str(broken["short"])
        assert "none.parquet" in str(broken["none"])


def test_the_mark_of_a_stretch_is_that_of_its_files(place: tuple[str, Storage]) -> None:
    root, storage = place
    for number in range(3):
        store(f"{root}/events/{number}.parquet", storage, day(number * 10))
    with reading(root, storage) as source:
        table = table_of(source, "events")
        begin = int(BEGIN.timestamp()) * 1_000_000
        stretches = [(begin + number * 10 * DAY, begin + (number * 10 + 1) * DAY) for number in range(3)]
        before = [source.mark(table, "at", *stretch) for stretch in stretches]
        assert len(set(before)) == 3
        store(f"{root}/events/late.parquet", storage, day(10, 5))
        source.close()  # a listing holds for a second
        after = [source.mark(table, "at", *stretch) for stretch in stretches]
        assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]


def test_splits(place: tuple[str, Storage]) -> None:
    root, storage = place
    for number in range(3):
        store(f"{root}/events/{number}.parquet", storage, day(number * 10))
    with reading(root, storage) as source:
        assert [len(rows) for rows in split_rows(source, "events")] == [3, 3, 3]
        begin = int(BEGIN.timestamp()) * 1_000_000
        assert [len(rows) for rows in split_rows(source, "events", time=("at", begin, begin + DAY))] == [3]
        table = table_of(source, "events")
        splits = source.splits(table, table.columns)
        assert splits is not None
        store(f"{root}/events/0.parquet", storage, day(0, 9))
        with pytest.raises(SourceError) as caught:
            list(source.read_split(splits[0]))
        assert caught.value.problems[0].code == "source-changed"


def test_rewritten_rows_are_read_anew(place: tuple[str, Storage]) -> None:
    """The engine keeps bytes that it has read, as long as the file is the same."""
    root, storage = place
    store(f"{root}/a.parquet", storage, day(0, 3))
    with reading(root, storage) as source:
        assert len(rows_of(source, "a")) == 3
        store(f"{root}/a.parquet", storage, day(0, 20))
        source.close()
        assert len(rows_of(source, "a")) == 20


def test_a_file_that_goes_while_it_is_read(place: tuple[str, Storage]) -> None:
    root, storage = place
    store(f"{root}/a.parquet", storage, day(0))
    with reading(root, storage) as source:
        table = table_of(source, "a")
        sql = source.scan_sql(table, table.columns)
        source.close()
        disk, path = filesystem(f"{root}/a.parquet", storage)
        disk.delete_file(path)
        with pytest.raises(SourceError) as caught, source.read(sql, table.columns) as stream:
            list(stream)
        assert caught.value.problems[0].code == "source-changed"


def problem_of(uri: str, storage: Storage) -> Any:
    with reading(uri, storage) as source, pytest.raises(SourceError) as caught:
        source.tables()
    return caught.value.problems[0]


def test_what_is_not_there(place: tuple[str, Storage]) -> None:
    root, storage = place
    store(f"{root}/orders/a.parquet", storage, day(0))
    misspelt = problem_of(f"{root}/ordes", storage)
    told = (f"{root}/orders",) if root.startswith("s3") else ()  # Google tells of no folders
    assert (misspelt.code, misspelt.nearest) == ("missing-path", told)
    misspelt = problem_of(f"{root}/orders/b.parquet", storage)
    assert (misspelt.code, misspelt.nearest) == ("missing-path", (f"{root}/orders/a.parquet",))
    assert problem_of(f"{root}/orders/*.csv", storage).code == "missing-path"
    bucket = problem_of(f"{root.partition('://')[0]}://filez/orders", storage)
    told = ("s3://files",) if root.startswith("s3") else ()  # nor which buckets there are
    assert (bucket.code, bucket.nearest) == ("missing-path", told)
    assert "no bucket filez" in bucket.message


def test_what_may_not_be_read(s3_place: tuple[str, Storage]) -> None:
    root, storage = s3_place
    store(f"{root}/a.parquet", storage, day(0))

    def free_requests(count: str) -> None:
        request = urllib.request.Request(
            f"{storage.endpoint}/moto-api/reset-auth", count.encode(), {"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(request, timeout=10).close()

    free_requests("0")
    try:
        problem = problem_of(root, replace(storage, access_key="nobody", secret_key="hunter2"))
    finally:
        free_requests("inf")
    assert problem.code == "not-permitted"
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize("kind", ["s3", pytest.param("gcs", marks=pytest.mark.long)])
def test_a_storage_that_does_not_answer(kind: str) -> None:
    uri = "s3://files/x" if kind == "s3" else "gs://files/x"
    problem = problem_of(uri, storage_of(kind, f"http://127.0.0.1:{free_port()}"))
    assert problem.code == "source-unreachable"


def test_only_the_sources_own_bucket_is_open_to_the_engine(s3_place: tuple[str, Storage]) -> None:
    root, storage = s3_place
    store(f"{root}/a.parquet", storage, day(0))
    with reading(root, storage) as source:
        columns = table_of(source, "a").columns
        for other in ("source-s://other/a.parquet", "/etc/passwd", "s3://files/a.parquet"):
            with (
                pytest.raises(Exception, match=r"can't|Cannot|not"),
                source.read(f"SELECT * FROM read_parquet('{other}')", columns) as stream,
            ):
                list(stream)
