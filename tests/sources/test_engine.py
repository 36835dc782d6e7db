"""The engine's cursors: their zone, their progress, what they may read, and errors with their places."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from lapwing.model.problem import Cancelled, LapwingError, TimeLimit, WrongUse
from lapwing.sources.engine import Engine, map_error

ZONE = """
from lapwing.sources.engine import Engine
with Engine().cursor() as cursor:
    print(cursor.execute("select strftime(timestamptz '2013-07-01 00:00:00+00', '%H')")[0][0])
with Engine().cursor("Asia/Kolkata") as cursor:
    print(cursor.execute("select strftime(timestamptz '2013-07-01 00:00:00+00', '%H')")[0][0])
"""


def test_the_machines_zone_means_nothing() -> None:
    environment = {**os.environ, "TZ": "America/New_York"}
    done = subprocess.run([sys.executable, "-c", ZONE], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["00", "05"]


def test_progress_is_told_while_a_statement_runs() -> None:
    with Engine(threads=1).cursor(watched=True) as cursor:
        seen: list[float | None] = []
        ended = threading.Event()

        def look() -> None:
            while not seen and not ended.is_set():
                done = cursor.progress()
                if done:
                    seen.append(done)
            cursor.interrupt()

        thread = threading.Thread(target=look)
        thread.start()
        cursor.set_time_limit(20)
        with pytest.raises((Cancelled, TimeLimit)):
            cursor.execute("select sum(hash(a.range * b.range)::double) from range(1000000) a, range(100000) b")
        ended.set()
        thread.join()
        assert [done for done in seen if done is not None and 0 < done < 1]


def test_nothing_but_what_is_allowed_can_be_read(tmp_path: Path) -> None:
    allowed, other = tmp_path / "allowed", tmp_path / "other.csv"
    allowed.mkdir()
    for path in (allowed / "a.csv", other):
        path.write_text("x\n1\n")
    with Engine(allowed=[allowed]).cursor() as cursor:
        assert cursor.execute(f"select x from read_csv('{allowed}/a.csv')") == [(1,)]
        for closed in (str(other), f"{allowed}/../other.csv", "/etc/passwd"):
            with pytest.raises(LapwingError):
                cursor.execute(f"select * from read_csv('{closed}')")
        with pytest.raises(LapwingError):
            cursor.execute(f"copy (select 1) to '{tmp_path}/new.csv'")
        with pytest.raises(LapwingError):
            cursor.execute("set enable_external_access = true")


def test_errors_have_the_place_in_what_ran() -> None:
    with Engine().cursor() as cursor:
        for text, line, column in (
            ("select 1,\n  cast('a' as int)", 2, 3),
            (f"select '{'x' * 300}', cast('a' as int)", 1, 312),
            (f"select cast('a' as int), '{'x' * 300}'", 1, 8),
        ):
            with pytest.raises(WrongUse) as caught:
                cursor.table(text)
            place = caught.value.problems[0].place
            assert place is not None
            assert (place.line, place.column) == (line, column)


def test_what_a_function_can_not_take_is_told_as_such_amid_the_rows_too() -> None:
    late = "select i::varchar like '1' escape repeat('!', (i // 100000)::int) from range(300000) t(i)"
    for text in ("select x like 'a!_b' escape '!!' from (values ('a')) t(x)", late):
        with Engine().cursor() as cursor, pytest.raises(WrongUse, match="escape string") as caught:
            list(cursor.reader(text))
        assert caught.value.problems[0].code == "invalid-input"


def test_an_interrupt_of_a_closed_cursor_is_harmless() -> None:
    cursor = Engine().cursor()
    cursor.close()
    cursor.interrupt()


def test_what_does_not_fit_in_memory_is_spilled_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    working, aside = tmp_path / "working", tmp_path / "aside"
    working.mkdir()
    aside.mkdir()
    monkeypatch.chdir(working)
    monkeypatch.setattr("tempfile.tempdir", str(aside))
    engine = Engine(memory_limit="60MB", threads=1)
    assert engine.cursor().execute("SELECT count(*) FROM range(10)") == [(10,)]
    assert list(aside.iterdir()) == []
    rows = engine.cursor().reader(
        "SELECT hash(i)::VARCHAR || repeat('x', 30) AS s FROM range(3_000_000) t(i) ORDER BY s"
    )
    next(rows)
    assert len(list(aside.rglob("*.tmp"))) > 0
    assert list(working.iterdir()) == []
    engine.close()  # while the rows are still being read
    assert list(aside.iterdir()) == []


def test_a_limit_holds_for_a_while_and_spills_where_it_was_told(tmp_path: Path) -> None:
    left = tmp_path / "spill-of-one-that-was-killed"
    left.mkdir()
    (left / "block").write_text("x")
    for path in (left / "block", left):
        os.utime(path, (0, 0))
    engine = Engine(memory_limit="1GB", spill=tmp_path)
    with engine.cursor() as cursor:
        before = cursor.execute("select current_setting('memory_limit'), current_setting('threads')")
        with engine.limited(80_000_000):
            limit, threads = cursor.execute("select current_setting('memory_limit'), current_setting('threads')")[0]
            assert (limit, threads) == ("76.2 MiB", 1)
            cursor.execute("create temp table t as select i, hash(i) as h from range(8000000) t(i) order by h")
            (made,) = tmp_path.iterdir()  # what was left is gone
            assert made.name.startswith("spill-")
        assert cursor.execute("select current_setting('memory_limit'), current_setting('threads')") == before
    engine.close()
    assert not list(tmp_path.iterdir())


def test_no_room_is_told_also_amid_the_rows() -> None:
    """There Arrow has taken the error's class."""
    for error in (duckdb.OutOfMemoryException, pa.ArrowInvalid):
        (problem,) = map_error(error("Out of Memory Error: failed to allocate data of size 16.0 MiB")).problems
        assert problem.code == "memory-limit"
        assert problem.message == "There is not the memory for it: failed to allocate data of size 16.0 MiB."


def test_a_few_small_rows_are_told_before_there_are_more() -> None:
    told, in_time = threading.Event(), []
    schema = pa.schema([("n", pa.int64())])

    def rows() -> Iterator[pa.RecordBatch]:
        for number in range(60):  # 480 bytes
            yield pa.RecordBatch.from_pydict({"n": [number]}, schema)
            in_time.append(told.wait(0.1))

    with Engine(threads=2).cursor(watched=True) as cursor:
        cursor.register("slow", pa.RecordBatchReader.from_batches(schema, rows()))
        batches = cursor.reader("select n from slow")
        found = next(batches).num_rows
        told.set()
        assert found + sum(batch.num_rows for batch in batches) == 60
    assert any(in_time)
