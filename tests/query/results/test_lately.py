"""The statements of a dashboard read what they have in common once, and never what was written over meanwhile."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from tests.query.results.conftest import Asked

from lapwing.model.problem import Cancelled
from lapwing.sources.base import Column, Stream, Table
from lapwing.sql import lately
from lapwing.sql.lately import KeptScans, Reading

TILES = [
    "select l.a, l.b, count(*) as n from files.t as f join lite.t as l on l.a = f.a group by 1, 2 order by 1",
    "select l.a, f.b from files.t as f join lite.t as l on l.a = f.a order by 1",
    "select max(l.a) as m from files.t as f join lite.t as l on l.a = f.a",
]


class Reads:
    """How often the source `lite` is asked for rows, and how slowly it answers."""

    def __init__(self, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count, self.slow = 0, 0.0
        source = asked.lapwing.sources["lite"]
        scan = source.scan

        def counted(
            table: Table,
            columns: tuple[Column, ...],
            where: str | None,
            limit: int | None,
            *,
            time_limit: float | None = None,
        ) -> Stream:
            self.count += 1
            time.sleep(self.slow)
            return scan(table, columns, where, limit, time_limit=time_limit)

        monkeypatch.setattr(source, "scan", counted)


@pytest.fixture
def reads(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(asked, monkeypatch)


def by(asked: Asked, text: str) -> set[str]:
    return {piece.by for piece in asked.ask(text)[1].pieces if piece.name == "lite.t"}


def test_other_statements_take_the_rows_until_they_change(asked: Asked, reads: Reads) -> None:
    assert by(asked, TILES[1]) == {"source"}
    before = reads.count
    assert by(asked, TILES[2]) == {"kept rows"}
    assert reads.count == before
    with sqlite3.connect(asked.folder / "lite.db") as lite:
        lite.execute("update t set a = 1")
    lite.close()
    assert asked.ask(TILES[2])[0].to_pylist() == [{"m": 1}]
    assert reads.count > before


def test_not_where_the_caller_wants_the_source(asked: Asked, reads: Reads) -> None:
    asked.ask(TILES[1])
    before = reads.count
    asked.ask(TILES[2], cache=False)
    assert reads.count > before


def test_at_once(asked: Asked, reads: Reads) -> None:
    """The later ones wait for the first, and are told the same as alone."""
    alone = [asked.ask(text, cache=False)[0].to_pylist() for text in TILES]
    reads.count, reads.slow = 0, 0.2
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda text: asked.ask(text)[0].to_pylist(), TILES))
    assert together == alone
    assert reads.count < 3


COLUMNS = (Column("a", "BIGINT"), Column("b", "VARCHAR"))
KEY = ("lite.t", "", "", None)
ROWS = pa.record_batch({"a": [1, 2], "b": ["x", "y"]})


def kept(scans: KeptScans, version: str = "1", columns: tuple[Column, ...] = COLUMNS) -> Reading:
    made = Reading(object(), version, columns)
    found = scans.board(KEY, made, columns)
    if found is made:
        made.rows.append(ROWS)
        scans.land(KEY, made, keep=True)
    return found


def test_only_of_the_version_and_the_columns_that_are_asked() -> None:
    scans = KeptScans()
    first = kept(scans)
    assert kept(scans, columns=COLUMNS[:1]) is first
    assert kept(scans, version="2") is not first
    assert kept(scans, version="1") is not first, "it is not there any more"


def test_what_others_want_is_read_along() -> None:
    scans, third = KeptScans(), Column("c", "DATE")
    first, other = COLUMNS
    assert scans.wanted(KEY, (first,), COLUMNS) == (first,)
    assert scans.wanted(KEY, (other,), COLUMNS) == (other, first)
    assert scans.wanted(KEY, (first,), (first, third)) == (first,), "what is gone from the table is wanted no more"
    many = tuple(Column(f"c{i}", "BIGINT") for i in range(lately.WIDE + 1))
    assert scans.wanted(KEY, many[:-1], many) == many[:-1]
    assert scans.wanted(KEY, many[-1:], many) == many[-1:]


def test_a_dashboard_comes_to_one_read(asked: Asked, reads: Reads) -> None:
    """After the first round, in which it shows which columns its statements look at."""
    looks = [
        f"select {column}, f.a from files.t f join lite.t l on l.a = f.a order by 2"
        for column in ("l.b", "l.a", "l.a + 1")
    ]
    for text in looks:
        asked.ask(text)
    with sqlite3.connect(asked.folder / "lite.db") as lite:
        lite.execute("update t set b = 'new'")
    lite.close()
    reads.count = 0
    rounds = [asked.ask(text)[0].to_pylist() for text in (*looks[1:], looks[0])]
    assert reads.count == 1
    assert [row["b"] for row in rounds[-1]] == ["new", "new"]


def test_those_used_longest_ago_go_first() -> None:
    scans = KeptScans(budget=ROWS.nbytes)
    first = kept(scans)
    other = Reading(object(), "1", COLUMNS)
    assert scans.board(("lite.u", "", "", None), other, COLUMNS) is other
    other.rows.append(ROWS)
    scans.land(("lite.u", "", "", None), other, keep=True)
    assert kept(scans) is not first


def test_a_statement_does_not_wait_for_itself() -> None:
    scans, statement = KeptScans(), object()
    first, second = Reading(statement, "1", COLUMNS), Reading(statement, "1", COLUMNS)
    assert scans.board(KEY, first, COLUMNS) is first
    assert scans.board(KEY, second, COLUMNS) is second
    assert scans.board(KEY, Reading(object(), "1", COLUMNS), COLUMNS) is first


def test_who_waits_in_vain_reads_by_itself(asked: Asked, reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first one that never ends."""
    monkeypatch.setattr(lately, "PATIENCE", 0.1)
    never = lambda key, wanted, needed: Reading(object(), wanted.version, wanted.columns)  # noqa: E731
    monkeypatch.setattr(asked.lapwing.sql._scans, "board", never)
    assert asked.ask(TILES[2])[0].to_pylist() == [{"m": 2}]
    assert reads.count == 1


def test_who_waits_can_be_cancelled() -> None:
    scans = KeptScans()
    first = Reading(object(), "1", COLUMNS)
    scans.board(KEY, first, COLUMNS)
    stream = lately._Awaited(None, first, COLUMNS, lambda: pytest.fail("it asked the source"))  # type: ignore[arg-type]
    threading.Timer(0.05, stream.cancel).start()
    with pytest.raises(Cancelled):
        list(stream)
