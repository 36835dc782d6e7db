"""Files as people have them: how tables are named, and what a damaged file says. None is read in part."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lapwing.model.problem import SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Column, Source
from lapwing.sources.engine import Engine
from lapwing.sources.files import FilesSource

WHOLE = {
    "comma.csv": ("a,b\n1,x\n2,y\n", [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
    "semicolon.csv": ('a;b\n"1,5";"x;y"\n', [{"a": "1,5", "b": "x;y"}]),
    "tabs.tsv": ("\ufeffa\tb\r\n1\t2\r\n", [{"a": 1, "b": 2}]),
    "single.csv": ("a\n1\n", [{"a": 1}]),
    "commented.csv": ("# made by hand\na,b\n1,2\n", [{"a": 1, "b": 2}]),
    "quoted.csv": ('a,b\n1,"two\nlines, ""q"""\n', [{"a": 1, "b": 'two\nlines, "q"'}]),
    "no_header.csv": ("1,2\n3,4\n", [{"column0": 1, "column1": 2}, {"column0": 3, "column1": 4}]),
    "header_only.csv": ("a,b\n", []),
    "empty.csv": ("", []),
    "lines.jsonl": ('{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
}
DAMAGED = {
    "short.csv": ("a,b,c\n1,2,3\n4,5\n6,7,8\n", "line 3 of short.csv has 2 values, the first line 3"),
    "long.csv": ("a,b\n1,2\n3,4,5\n", "line 3 of long.csv has 3 values, the first line 2"),
    "open.csv": ('a,b\n1,"open\n2,b\n', "quote"),
    "text.parquet": ("no Parquet at all", "text.parquet"),
    "cut.jsonl": ('{"a": 1}\n{"a": 2', "cut.jsonl"),
}

# NaN is greater than all other numbers.
CONDITIONS: dict[str, Callable[[float], bool]] = {
    "x > 2e30": lambda x: x > 2e30 or math.isnan(x),
    "isnan(x)": math.isnan,
    "abs(x) <= 1e300": lambda x: abs(x) <= 1e300,
    "x = 'nan'": math.isnan,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def source(folder: Path) -> Iterator[Source]:
    yield from opened(folder)


def opened(path: Path) -> Iterator[Source]:
    engine = Engine(threads=1, allowed=[path if "*" not in path.name else path.parent])
    yield FilesSource(SourceConfig(name="s", type="files", path=path), engine)
    engine.close()


def read(source: Source, name: str) -> list[dict[str, object]]:
    table = next(table for table in source.tables() if table.name == name)
    with source.read(source.scan_sql(table, table.columns), table.columns) as stream:
        return [row for batch in stream for row in batch.to_pylist()]


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files(folder: Path, source: Source, name: str) -> None:
    text, rows = WHOLE[name]
    (folder / name).write_text(text)
    assert read(source, name.split(".")[0]) == rows


def test_zipped_files(folder: Path, source: Source) -> None:
    (folder / "a.csv.gz").write_bytes(gzip.compress(b"x;y\n1;2\n"))
    assert read(source, "a") == [{"x": 1, "y": 2}]


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_hurts_only_who_asks_for_it(folder: Path, source: Source, name: str) -> None:
    text, says = DAMAGED[name]
    (folder / name).write_text(text)
    (folder / "well.csv").write_text("a\n1\n")
    assert [table.name for table in source.tables()] == ["well"]
    (why,) = source.broken().values()
    assert why.problems[0].code == "unreadable-file"
    assert says in why.problems[0].message
    assert name in why.problems[0].message


def test_a_line_that_breaks_late_is_told_while_reading(folder: Path, source: Source) -> None:
    lines = [f"{number},{number}\n" for number in range(30_000)]
    for name, last, says in (("value", "30000,oops\n", "column v"), ("width", "1,2,3\n", "Columns: 2 Found: 3")):
        (folder / f"{name}.csv").write_text("".join(["id,v\n", *lines, last]))
        with pytest.raises(SourceError) as caught:
            read(source, name)
        problem = caught.value.problems[0]
        assert problem.code == "broken-line"
        assert problem.message.startswith(f"Line 30002 of {name}.csv can't be read: ")
        assert says in problem.message


def test_what_is_not_one_table_is_told(folder: Path, source: Source) -> None:
    (folder / "mixed").mkdir()
    (folder / "mixed" / "a.csv").write_text("a\n1\n")
    (folder / "mixed" / "b.jsonl").write_text('{"a": 1}\n')
    (folder / "twice.csv").write_text("a\n1\n")
    pq.write_table(pa.table({"a": [1]}), folder / "twice.parquet")
    with pytest.raises(SourceError) as caught:
        source.tables()
    assert {problem.code for problem in caught.value.problems} == {"mixed-files"}
    assert "mixed/a.csv, mixed/b.jsonl" in str(caught.value)
    assert "twice.csv, twice.parquet" in str(caught.value)


def test_many_files_are_shown_as_a_pattern(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("one.csv", "flat/a.csv", "flat/b.csv", "deep/x/a.csv", "deep/y/b.csv"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("a,b\n1,2\n")
    for source in opened(data):
        shown = {table.name: source.shown(table).partition(",")[0] for table in source.tables()}
        assert shown == {
            "deep": "read_csv('data/deep/**/*.csv'",
            "flat": "read_csv('data/flat/*.csv'",
            "one": "read_csv('data/one.csv'",
        }
        assert [source.shown(table).endswith(" of 2 files") for table in source.tables()] == [True, True, False]
    for source in opened(data / "flat" / "*.csv"):
        assert source.shown(source.tables()[0]).startswith("read_csv('flat/*.csv', ")


def test_no_ring_of_links_is_walked(folder: Path, source: Source) -> None:
    (folder / "deep" / "x").mkdir(parents=True)
    (folder / "deep" / "x" / "a.csv").write_text("a\n1\n")
    (folder / "deep" / "back").symlink_to(folder, target_is_directory=True)
    (folder / "deep" / "b.csv").symlink_to(folder / "b.tmp")
    assert read(source, "deep") == [{"a": 1}]
    (folder / "b.tmp").write_text("a\n2\n")
    assert read(source, "deep") == [{"a": 2}, {"a": 1}]
    (folder / "linked").symlink_to(folder / "deep", target_is_directory=True)
    assert read(source, "linked") == [{"a": 2}, {"a": 1}]


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "gone", tmp_path / "gone*.csv"):
        for source in opened(path):
            with pytest.raises(SourceError, match="reads") as caught:
                source.tables()
            assert caught.value.problems[0].code == "missing-path"


def test_an_empty_folder_has_no_tables(source: Source) -> None:
    assert source.tables() == ()
    assert source.broken() == {}


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
@pytest.mark.parametrize("rows", [[1.0, float("nan"), 3.0], [-0.0, float("nan")], [1e30, float("nan"), float("inf")]])
def test_a_nan_beyond_the_statistics_of_a_parquet_file_is_seen(
    folder: Path, source: Source, rows: list[float], kind: pa.DataType
) -> None:
    pq.write_table(pa.table({"x": pa.array(rows, kind)}), folder / "numbers.parquet")
    table = source.tables()[0]
    # Comparisons that the least and greatest value alone would settle, each as a row's condition and as a filter.
    for condition, holds in CONDITIONS.items():
        scanned = source.scan_sql(table, table.columns)
        counted = f"SELECT count(CASE WHEN {condition} THEN 1 END) AS n FROM ({scanned})"
        as_row = read_sql(source, counted)
        as_filter = read_sql(source, f"SELECT count(*) AS n FROM ({source.scan_sql(table, table.columns, condition)})")
        expected = sum(map(holds, rows))
        assert (as_row, as_filter) == (expected, expected), condition


def read_sql(source: Source, sql: str) -> int:
    with source.read(sql, (Column("n", "BIGINT", False),)) as stream:
        return int(pa.Table.from_batches(stream).column("n")[0].as_py())
