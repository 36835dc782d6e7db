"""Statements are told from kept results where nothing changed, and only there."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from tests.query.results.conftest import Asked

from lapwing.model.problem import LapwingError
from lapwing.query.ask import SqlQuery
from lapwing.sources import settled

FOLDER = Path(".lapwing/results")
TABLES = ["files.t", "lite.t", "duck.t"]


def write(asked: Asked, table: str, value: int) -> None:
    """Another row."""
    if table == "files.t":
        with (asked.folder / "data" / "t.csv").open("a") as file:
            file.write(f"{value},z\n")
    elif table == "lite.t":
        with sqlite3.connect(asked.folder / "lite.db") as lite:
            lite.execute("insert into t values (?, 'z')", [value])
        lite.close()
    else:
        asked.lapwing.sources["duck"].close()  # while it is attached nobody writes it
        with duckdb.connect(str(asked.folder / "duck.db")) as duck:
            duck.execute("insert into t values (?, 'z')", [value])


@pytest.mark.parametrize("table", TABLES)
def test_the_same_is_told_again_until_it_changed(asked: Asked, table: str) -> None:
    text = f"select a, b from {table} order by a"
    first, receipt = asked.ask(text)
    assert [piece.by for piece in receipt.pieces] == ["source"]
    again, receipt = asked.ask(text)
    (piece,) = receipt.pieces
    assert (piece.by, piece.rows, len(piece.versions)) == ("kept result", 2, 1)
    assert again.equals(first, check_metadata=True)
    write(asked, table, 3)
    assert not asked.told(text)
    assert asked.ask(text)[0]["a"].to_pylist() == [1, 2, 3]
    assert asked.told(text)


def test_a_new_file_in_the_place_of_another(asked: Asked) -> None:
    """Of the same size, with the same time of its last write."""
    path = asked.folder / "data" / "t.csv"
    assert asked.ask("select max(a) as m from files.t")[0]["m"].to_pylist() == [2]
    stat = path.stat()
    other = path.with_suffix(".part")
    other.write_text(path.read_text().replace("2,y", "9,y"))
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(path)
    assert path.stat().st_mtime_ns == stat.st_mtime_ns
    assert not asked.told("select max(a) as m from files.t")


@pytest.mark.parametrize("table", TABLES)
def test_what_was_just_written_is_not_kept(asked: Asked, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled, "SETTLED", 1e6)
    text = f"select a from {table}"
    _, receipt = asked.ask(text)
    assert "written a moment ago" in receipt.notes[0]
    assert not asked.told(text)


@pytest.mark.parametrize(
    "text",
    [
        "select now() as x",
        "select current_date as x",
        "select random() as x from lite.t",
        "select uuid() as x",
        "select ago(interval 1 day) as x",
        "select age(timestamp '2020-01-01') as x",
        "select a from lite.t using sample 1 rows",
        "select a from lite.t tablesample 50%",
        "select today from lite.v",
        "select seen from duck.v",
    ],
)
def test_what_is_another_each_time_is_told_only_by_its_age(asked: Asked, text: str) -> None:
    asked.ask(text)
    assert not asked.told(text)
    assert not asked.told(text, max_age=60.0)  # kept, now that someone takes it
    assert asked.told(text, max_age=60.0)
    assert not asked.told(text)
    assert not asked.told(text, max_age=1e-9)


def test_an_old_result_where_the_caller_takes_it(asked: Asked) -> None:
    text = "select count(*) as n from lite.t"
    asked.ask(text)
    write(asked, "lite.t", 3)
    table, receipt = asked.ask(text, max_age=3600.0)
    assert table["n"].to_pylist() == [2]
    assert "not asked whether they changed" in receipt.notes[0]
    assert asked.ask(text)[0]["n"].to_pylist() == [3]


def test_who_wants_none_gets_none(asked: Asked) -> None:
    text = "select a from lite.t"
    asked.ask(text, cache=False)
    asked.ask(text)
    assert not asked.told(text, cache=False)
    assert asked.told(text)


def test_errors_and_what_is_left_early_are_not_kept(asked: Asked) -> None:
    with pytest.raises(LapwingError):
        asked.ask("select 1 // (a - a) as x, cast(b as int) as y from lite.t")
    answer = asked.lapwing.run_sql(SqlQuery(text="select * from range(100000)"))
    with answer.running:
        next(iter(answer))
    assert list(asked.lapwing.results.shelf.kept()) == []
    assert not list((asked.folder / FOLDER).glob("*"))


def test_what_changes_while_it_is_read_is_not_kept(asked: Asked) -> None:
    answer = asked.lapwing.run_sql(SqlQuery(text="select a from lite.t"))
    rows = iter(answer)
    next(rows)
    write(asked, "lite.t", 3)
    assert list(rows) == []
    assert "written meanwhile" in answer.receipt().notes[0] or "a moment ago" in answer.receipt().notes[0]
    assert not asked.told("select a from lite.t")


def test_a_damaged_file_is_no_result(asked: Asked) -> None:
    text = "select a, b from lite.t"
    first, _ = asked.ask(text)
    (kept,) = asked.lapwing.results.shelf.kept()
    whole = kept.path.read_bytes()
    for damaged in (whole[:-1], whole[:100], b"", bytes([whole[200] ^ 1]).join([whole[:200], whole[201:]])):
        kept.path.write_bytes(damaged)
        table, receipt = asked.ask(text)
        assert receipt.pieces[0].by != "kept result"
        assert table.equals(first)
    assert asked.told(text)


def test_a_disk_that_takes_nothing_changes_nothing(asked: Asked) -> None:
    (asked.folder / ".lapwing").mkdir(exist_ok=True)
    (asked.folder / FOLDER).write_text("a file where the folder would be")
    table, receipt = asked.ask("select a from lite.t")
    assert table.num_rows == 2
    assert "the disk did not take it" in receipt.notes[0]


def test_a_budget_of_nothing_keeps_nothing(asked: Asked) -> None:
    asked.lapwing.results.shelf.budget = 0
    _, receipt = asked.ask("select a from lite.t")
    assert "keeps no results" in receipt.notes[0]
    assert not (asked.folder / FOLDER).exists()


def test_explain_tells_what_would_be(asked: Asked) -> None:
    query = SqlQuery(text="select a from lite.t")
    assert "none is kept yet" in asked.lapwing.explain_sql(query)
    asked.ask(query.text)
    assert "would be told from the result kept of" in asked.lapwing.explain_sql(query)
    assert "now: another value" in asked.lapwing.explain_sql(SqlQuery(text="select now() as x"))


def test_a_large_result_is_written_beside_its_reader(asked: Asked) -> None:
    text = "select range as n, (range * 7919) % 10007 as m from range(1000000)"
    first, _ = asked.ask(text)
    again, receipt = asked.ask(text)
    assert receipt.pieces[0].by == "kept result"
    assert again.equals(first)


def test_one_that_is_too_large_is_given_up(asked: Asked) -> None:
    asked.lapwing.results.shelf.largest = 10_000
    table, receipt = asked.ask("select random() as x from range(1000000)", max_age=60.0)
    assert table.num_rows == 1_000_000
    assert "larger than 10 KB" in receipt.notes[0]
    assert not list((asked.folder / FOLDER).glob("*"))


def test_many_at_once_are_run_once(asked: Asked) -> None:
    text = "select count(*) as n from lite.t, range(20000000)"
    running = [asked.lapwing.run_sql(SqlQuery(text=text)) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(lambda answer: answer.table(), running))
    assert all(table == tables[0] for table in tables)
    assert [answer.receipt().pieces[0].by for answer in running] == ["source"] + ["kept result"] * 7
    counts = asked.lapwing.results.counts
    assert (counts.run, counts.told) == (1, 7)


def test_who_follows_one_that_fails_runs_alone(asked: Asked) -> None:
    text = "select count(*) as n from lite.t, range(20000000)"
    first, second = (asked.lapwing.run_sql(SqlQuery(text=text)) for _ in range(2))
    first.running.cancel()
    with pytest.raises(LapwingError):
        first.table()
    assert second.table()["n"].to_pylist() == [40_000_000]
    assert second.receipt().pieces[0].by == "source"


def test_nobody_waits_for_one_that_does_not_get_on(asked: Asked) -> None:
    text = "select a from lite.t"
    idle, second = (asked.lapwing.run_sql(SqlQuery(text=text)) for _ in range(2))
    assert second.table().num_rows == 2
    assert idle.table().num_rows == 2


def test_who_follows_can_be_cancelled(asked: Asked) -> None:
    text = "select count(*) as n from lite.t, range(20000000)"
    first, second = (asked.lapwing.run_sql(SqlQuery(text=text)) for _ in range(2))
    second.running.cancel()
    with pytest.raises(LapwingError, match="cancelled"):
        second.table()
    assert first.table().num_rows == 1
