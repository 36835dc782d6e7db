"""Columns of a CSV file as text."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from lapwing.model.problem import WrongUse
from lapwing.sources.csv_columns import read_columns


def test_columns_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('\ufefft;"a;b";c\n1;"x\ny";007\n2;;\n3;"";8\n', encoding="utf-8")
    table = read_columns(file, ["c", "a;b", "t"])
    assert table.column_names == ["c", "a;b", "t"]
    assert table["c"].to_pylist() == ["007", None, "8"]
    assert table["a;b"].to_pylist() == ["x\ny", None, ""]
    assert table["t"].to_pylist() == ["1", "2", "3"]


def test_one_column_may_be_asked_for_twice_and_files_may_be_compressed(tmp_path: Path) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(b"t,v\n1,2\n"))
    assert read_columns(file, ["t", "t"]).to_pydict() == {"t": ["1"]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "a.csv is empty."),
        (b"time,values\n1,2\n", "a.csv has no column value. Did you mean values?"),
        (b"x,y\n1,2\n", "a.csv has no column time. It has x, y."),
        (b"time,value,value\n1,2,3\n", "a.csv has 2 columns value. Rename all but one."),
        (b"time,value\n1,2\n1,2,3\n", "line 3 of a.csv has 3 values, the first line 2."),
        (b"time,value\n\xff,2\n", "can't be read"),
        ("time,value\n1,2\n".encode("utf-16"), "is in UTF-16. Save it as UTF-8."),
        (b" value,time,value \n1,2,3\n", "a.csv has 2 columns value."),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    with pytest.raises(WrongUse) as caught:
        read_columns(file, ["time", "value"])
    assert says in str(caught.value)


def test_blanks_around_names(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("t, v, v2\n1, 2,3\n")
    assert read_columns(file, ["v", "t", " v2"]).to_pydict() == {"v": [" 2"], "t": ["1"], " v2": ["3"]}


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(WrongUse, match="There is no file"):
            read_columns(path, ["time"])
