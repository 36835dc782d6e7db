"""lapwing.connect(): the same answers and the same errors from a project and from a server."""

from __future__ import annotations

import datetime as dt
import pickle
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from tests.shop import ORDERS

import lapwing
from lapwing.python import errors
from lapwing.python.connection import Connection

FOREVER = "select count(*) from range(1000000000000)"
ENDLESS_ROWS = "select i from range(1000000000000) numbers(i)"


def test_importing_lapwing_loads_nothing_else() -> None:
    code = "import sys, lapwing; print(sorted({'pyarrow', 'numpy', 'duckdb', 'rich', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_cursor_fetches_rows(con: Connection) -> None:
    with con.cursor() as cursor:
        cursor.execute("select shop, count(*) as n from files.orders where town = ? group by 1 order by 1", ["Köln"])
        assert cursor.description is not None
        assert [column[:2] for column in cursor.description] == [("shop", pa.string()), ("n", pa.int64())]
        assert cursor.fetchone() == ("a", 40)
        assert cursor.fetchmany(1) == [("b", 40)]
        assert cursor.fetchall() == [("c", 40)]
        assert cursor.fetchone() is None
    with pytest.raises(lapwing.InterfaceError, match="closed"):
        cursor.fetchone()


def test_values_come_back_as_they_were_given(con: Connection) -> None:
    given = ["it's ?", 7, -7, 0.5, None, True, dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3), b"\0x"]
    marks = ", ".join(f"? as v{number}" for number in range(len(given)))
    assert con.execute(f"select {marks}, ? as dec", [*given, Decimal("1.50")]).fetchall() == [(*given, Decimal("1.50"))]


def test_results_are_arrow_pandas_and_batches(con: Connection) -> None:
    table = con.sql("select i from range(20000) numbers(i)").arrow()
    assert table.num_rows == 20_000
    assert con.sql("select 1 as one").df().to_dict("list") == {"one": [1]}
    assert sum(batch.num_rows for batch in con.sql("select i from range(20000) numbers(i)").reader()) == 20_000
    streamed = con.sql("select 1 as one")
    assert len(list(streamed)) == 1
    with pytest.raises(lapwing.InterfaceError, match="streamed already"):
        streamed.arrow()


def test_a_missing_library_is_told(con: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(lapwing.InterfaceError, match="pip install polars") as told:
        con.sql("select 1 as one").pl()
    assert told.value.code == "missing-library"


def test_metrics_have_a_receipt(con: Connection) -> None:
    found = con.query(metrics=["orders"], by=["shop"])
    assert found.arrow().to_pydict() == {"shop": ["a", "b", "c"], "orders": [ORDERS // 3] * 3}
    assert [piece["by"] for piece in found.receipt["pieces"]] == ["rollup"]
    assert con.explain_query("orders", by="shop")["pieces"][0]["by"] == "rollup"
    same = con.execute("select measure(orders) from metrics.orders where shop = ?", ["a"]).fetchall()
    assert same == [(ORDERS // 3,)]
    with pytest.raises(lapwing.ProgrammingError, match="zone") as told:
        con.query("orders", zome="UTC")
    assert told.value.code == "unknown-key"


def test_statements_are_explained(con: Connection) -> None:
    assert "files.orders" in con.explain("select count(*) from files.orders")


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("selec 1", errors.ProgrammingError, "syntax"),
        ("select * from files.order", errors.ProgrammingError, "unknown-table"),
        ("select cast('x' || i as integer) from range(3) numbers(i)", errors.DataError, "conversion"),
    ],
)
def test_errors_have_their_problems(text: str, kind: type[errors.Error], code: str, con: Connection) -> None:
    with pytest.raises(kind) as told:
        con.execute(text).fetchall()
    assert told.value.code == code
    assert pickle.loads(pickle.dumps(told.value)).problems == told.value.problems


def test_nothing_is_written(con: Connection) -> None:
    with pytest.raises(lapwing.DatabaseError, match="only reads"):
        con.execute("create table t (a integer)")


def test_places_are_those_of_the_statement_as_written(con: Connection) -> None:
    with pytest.raises(lapwing.ProgrammingError) as told:
        con.execute("select ?, nothing from files.orders", ["a rather long value"])
    assert told.value.place is not None
    assert told.value.place.column == 11


def test_a_time_limit_stops_it(con: Connection) -> None:
    with pytest.raises(lapwing.OperationalError) as told:
        con.sql(FOREVER, time_limit=0.3).arrow()
    assert told.value.code == "time-limit"


def test_cancel_stops_it(con: Connection) -> None:
    running = con.sql(ENDLESS_ROWS)
    batches = iter(running)
    next(batches)
    threading.Thread(target=running.cancel).start()
    with pytest.raises(lapwing.OperationalError) as told:
        for _ in batches:
            pass
    assert told.value.code == "cancelled"


def test_cancel_before_the_first_row(con: Connection) -> None:
    with con.cursor() as cursor:
        over = threading.Event()

        def cancel() -> None:
            while not over.wait(0.1):  # the statement may not have come to the server yet
                cursor.cancel()

        threading.Thread(target=cancel).start()
        try:
            with pytest.raises(lapwing.OperationalError) as told:
                cursor.execute(FOREVER).fetchall()
        finally:
            over.set()
    assert told.value.code == "cancelled"


def test_cancel_while_it_is_planned(con: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    with con.cursor() as cursor:
        begin = con.sql

        def meanwhile(*given: object, **more: object) -> object:
            cursor.cancel()
            return begin(*given, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(con, "sql", meanwhile)
        with pytest.raises(lapwing.OperationalError) as told:
            cursor.execute(ENDLESS_ROWS).fetchall()
        assert told.value.code == "cancelled"
        monkeypatch.undo()
        assert cursor.execute("select 1").fetchall() == [(1,)]


def test_closing_ends_what_others_wait_for(shop: Path) -> None:
    con = lapwing.connect(shop)
    cursor, left = con.execute(FOREVER), iter(con.sql(ENDLESS_ROWS))
    next(left)
    told: list[BaseException] = []

    def wait() -> None:
        try:
            cursor.fetchall()
        except lapwing.Error as error:
            told.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    (running,) = (one for one in con._way._lapwing.sql._queries.values() if one.plan.text == FOREVER)
    while running.stage != "running":
        time.sleep(0.01)
    con.close()
    waiting.join(10)
    assert not waiting.is_alive()
    assert "The connection is closed" in str(told[0])
    with pytest.raises(lapwing.InterfaceError, match="closed"):
        next(left)


def test_a_receipt_of_sql_is_the_projects(shop: Path) -> None:
    with lapwing.connect(shop) as con:
        found = con.sql("select count(*) from files.orders")
        assert found.receipt["pieces"][0]["name"] == "files.orders"
    with pytest.raises(lapwing.InterfaceError, match="closed"):
        con.cursor()


def test_wrong_places_are_told(shop: Path, address: str) -> None:
    with pytest.raises(lapwing.OperationalError) as told:
        lapwing.connect(address, token="another-secret")
    assert told.value.code == "token-needed"
    with pytest.raises(lapwing.InterfaceError, match="folder"):
        lapwing.connect("ftp://somewhere")
    with pytest.raises(lapwing.OperationalError) as told:
        lapwing.connect("http://127.0.0.1:1")
    assert told.value.code == "server-unreachable"
    with pytest.raises(lapwing.DatabaseError):
        lapwing.connect(shop / "nowhere")


def test_a_kept_result_by_its_age(con: Connection) -> None:
    def asked(**more: object) -> object:
        return con.sql("select uuid()::text as x", **more).arrow()["x"][0].as_py()  # type: ignore[arg-type]

    assert asked() != asked()
    assert asked(max_age="1 hour") == asked(max_age="1 hour")
    assert asked(max_age="1 hour", no_cache=True) != asked(max_age="1 hour")


def test_types_and_makers_of_pep_249(con: Connection) -> None:
    cursor = con.execute(
        "select 'a' a, 1 b, 1.5 c, true d, date '2024-01-02' e, timestamptz '2024-01-02 00:00+00' f, 'x'::blob g"
    )
    kinds = [column[1] for column in cursor.description or ()]
    number, moment = lapwing.NUMBER, lapwing.DATETIME
    assert kinds == [lapwing.STRING, number, number, number, moment, moment, lapwing.BINARY]
    assert lapwing.ROWID not in kinds
    assert kinds[0] != lapwing.NUMBER
    given = [
        lapwing.Date(2024, 1, 2),
        lapwing.Timestamp(2024, 1, 2, 3, 4, 5),
        lapwing.Time(3, 4, 5),
        lapwing.Binary("x"),
    ]
    assert con.execute("select ?, ?, ?, ?", given).fetchall() == [tuple(given)]
    tick = dt.datetime(2024, 1, 2, 3, 4, 5).astimezone().timestamp()
    assert lapwing.TimestampFromTicks(tick) == given[1]
    assert (lapwing.DateFromTicks(tick), lapwing.TimeFromTicks(tick)) == (given[0], given[2])


def test_a_cursor_is_its_own_iterator(con: Connection) -> None:
    cursor = con.execute("select i from range(3) numbers(i)")
    assert next(cursor) == (0,)
    assert list(cursor) == [(1,), (2,)]
    with pytest.raises(StopIteration):
        next(cursor)


@pytest.mark.parametrize("kind", ["project", "server"])
def test_a_closed_connection_is_told_by_all_that_came_of_it(shop: Path, address: str, kind: str) -> None:
    closed = lapwing.connect(shop if kind == "project" else address, token="a-long-secret", progress=False)
    cursor, rows = closed.execute("select * from files.orders"), closed.sql("select i from range(9000000) n(i)")
    closed.close()
    asks = [closed.cursor, closed.commit, closed.rollback, closed.tables, cursor.fetchone, cursor.fetchall]
    for ask in (*asks, lambda: next(cursor), lambda: cursor.execute("select 1")):
        with pytest.raises(lapwing.InterfaceError, match="The connection is closed"):
            ask()
    if kind == "project":
        with pytest.raises(lapwing.InterfaceError, match="The connection is closed"):
            rows.arrow()
    rows.close()


def test_tables_and_datasets_with_their_columns(con: Connection) -> None:
    found = {one["path"]: one for one in con.tables()}
    assert set(found) == {"files.orders", "places.towns", "metrics.orders"}
    assert found["places.towns"]["columns"][0] == {"name": "town", "type": "VARCHAR"}
    assert found["metrics.orders"]["description"] == "What was sold."
    names = [one["name"] for one in found["metrics.orders"]["columns"]]
    assert names == ["at", "shop", "town", "country", "orders", "amount", "returned", "return_rate"]
