"""The folder of kept results: its budget, its order, and who shares it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.query.results.conftest import write_project

from lapwing.query.ask import SqlQuery, Wishes
from lapwing.query.results.entry import Facts
from lapwing.query.results.shelf import Shelf
from lapwing.query.service import Lapwing

SCHEMA = pa.schema([("a", pa.binary())])


def put(shelf: Shelf, key: str, *, size: int = 10_000, milliseconds: float = 100.0) -> None:
    writing = shelf.write(SCHEMA)
    writing.write(pa.record_batch([[random.Random(key).randbytes(size)]], schema=SCHEMA))
    facts = Facts(text=key, since=time.time(), versions={}, milliseconds=milliseconds, rows=1, told_bytes=size)
    shelf.put(key, writing, facts)


def keys(shelf: Shelf) -> set[str]:
    return {one.path.stem for one in shelf.kept()}


def test_the_budget_is_kept(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "results", 100_000)
    for number in range(30):
        put(shelf, f"k{number}")
        assert sum(one.bytes for one in shelf.kept()) <= shelf.budget
    assert len(keys(shelf)) >= 8


def test_what_saves_little_goes_first(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "results", 100_000)
    for number in range(9):
        put(shelf, f"k{number}", milliseconds=1.0 if number == 4 else 100.0)
    put(shelf, "one more")
    assert "k4" not in keys(shelf)
    assert "k5" in keys(shelf)


def test_what_was_not_asked_for_long_goes_first(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "results", 100_000)
    for number in range(9):
        put(shelf, f"k{number}")
        os.utime(shelf.folder / f"k{number}.result", (time.time() - 1000, time.time() - 1000))
    entry = shelf.get("k4", lambda facts: True)
    assert entry is not None
    entry.close()
    for number in range(6):
        put(shelf, f"more {number}")
    assert "k4" in keys(shelf)
    assert len(keys(shelf) & {f"k{number}" for number in range(9)}) < 9


def test_what_is_removed_while_it_is_told_is_told_to_its_end(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "results", 100_000)
    put(shelf, "k")
    entry = shelf.get("k", lambda facts: True)
    assert entry is not None
    assert shelf.empty() == 1
    assert sum(batch.num_rows for batch in entry) == 1
    assert shelf.get("k", lambda facts: True) is None


def test_leavings_are_swept(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "results", 100_000)
    left = [shelf.write(SCHEMA).path for _ in range(2)]
    os.utime(left[0], (0, 0))
    put(shelf, "k")
    assert [path.exists() for path in left] == [False, True]


ASKS = """
import sys
from lapwing.query.ask import SqlQuery, Wishes
from lapwing.query.service import Lapwing
with Lapwing.open(sys.argv[1]) as lapwing:
    while True:
        for number in range(20):
            text = f"select range as a, '{number}' as b, random() as x from range(60000)"
            lapwing.run_sql(SqlQuery(text=text, wishes=Wishes(max_age=1e-6))).table()
        print("round", flush=True)
"""


@pytest.mark.long
def test_processes_that_are_killed_leave_nothing_wrong(tmp_path: Path) -> None:
    """Two write the same results at once and are killed amid it, five times; whatever is told is whole."""
    write_project(tmp_path)
    chance = random.Random(7)
    told = 0
    for _ in range(5):
        asking = [
            subprocess.Popen([sys.executable, "-c", ASKS, str(tmp_path)], stdout=subprocess.PIPE) for _ in range(2)
        ]
        try:
            for one in asking:
                assert one.stdout is not None
                assert one.stdout.readline() == b"round\n"
            time.sleep(chance.random())
        finally:
            for one in asking:
                one.send_signal(signal.SIGKILL)
                one.communicate()
        with Lapwing.open(tmp_path) as lapwing:
            for number in range(20):
                text = f"select range as a, '{number}' as b, random() as x from range(60000)"
                answer = lapwing.run_sql(SqlQuery(text=text, wishes=Wishes(max_age=3600.0)))
                table = answer.table()
                told += [piece.by for piece in answer.receipt().pieces] == ["kept result"]
                assert table.num_rows == 60_000
                assert pc.sum(table["a"]).as_py() == 60_000 * 59_999 // 2
                assert table["b"].unique().to_pylist() == [str(number)]
    assert told == 100
