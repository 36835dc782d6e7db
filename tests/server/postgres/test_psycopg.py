"""psycopg: parameters, types, both formats, cursors, pipelines, errors, transactions, cancel."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import requests
from tests.server.postgres.conftest import Door
from tests.shop import ORDERS

FOREVER = "select count(*) from range(1000000000000)"
VALUES: dict[str, Any] = {
    "1": 1,
    "-5::smallint": -5,
    "9223372036854775807": 2**63 - 1,
    "1.50": Decimal("1.50"),
    "-0.00012::decimal(10,5)": Decimal("-0.00012"),
    "0::decimal(10,2)": Decimal("0.00"),
    "12345678901234567890123456789012345678::hugeint": Decimal(12345678901234567890123456789012345678),
    "2.5::double": 2.5,
    "'infinity'::double": float("inf"),
    "0.1::float": pytest.approx(0.1, rel=1e-6),
    "'Grüße'": "Grüße",
    "''": "",
    "null": None,
    "true": True,
    "date '1969-12-31'": date(1969, 12, 31),
    "time '10:20:30.5'": time(10, 20, 30, 500_000),
    "timestamp '1999-12-31 23:59:59.25'": datetime(1999, 12, 31, 23, 59, 59, 250_000),
    "timestamptz '2024-07-01 12:00:00+00'": datetime(2024, 7, 1, 12, tzinfo=UTC),
    "interval '1 day 2 hours'": timedelta(days=1, hours=2),
    "'12345678-1234-1234-1234-123456789012'::uuid": uuid.UUID("12345678-1234-1234-1234-123456789012"),
    "'\\x00\\xff'::blob": b"\x00\xff",
    "[1, null, 3]": [1, None, 3],
    "['a', 'b \"c\", d', '', 'NULL']": ["a", 'b "c", d', "", "NULL"],
    "[[1, 2], [3, 4]]": None,
    "{'a': [1, 2]}": {"a": [1, 2]},
}


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
@pytest.mark.parametrize("written", [one for one in VALUES if one != "[[1, 2], [3, 4]]"])
def test_values_arrive_as_they_are(connection: psycopg.Connection, written: str, binary: bool) -> None:
    found = connection.execute(f"select {written} as x", binary=binary).fetchone()
    expected = VALUES[written]
    if isinstance(expected, uuid.UUID):
        assert found is not None
        assert str(found[0]) == str(expected)
    else:
        assert found == (expected,)


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_parameters(connection: psycopg.Connection, binary: bool) -> None:
    form = "%b" if binary else "%t"
    sent = (
        7,
        2.5,
        "it's; $1 -- no",
        True,
        date(2024, 1, 2),
        datetime(2024, 1, 2, 3, 4, 5),
        b"\x00\xff",
        Decimal("1.25"),
    )
    casts = ("int", "double", "text", "bool", "date", "timestamp", "bytea", "decimal(9,2)")
    text = "select " + ", ".join(f"{form}::{cast}" for cast in casts)
    assert connection.execute(text, sent, binary=binary).fetchone() == sent


def test_a_parameter_is_a_value_and_nothing_else(connection: psycopg.Connection) -> None:
    attack = "' or 1=1; select 2 -- \\' \x01"
    assert connection.execute("select %s as x", (attack,)).fetchone() == (attack,)
    assert connection.execute("select count(*) from files.orders where town = %s", (attack,)).fetchone() == (0,)


def test_statements_over_sources_and_metrics(connection: psycopg.Connection) -> None:
    joined = "select country, count(*) from files.orders join places.towns using (town) where shop = any(%s) group by 1"
    assert sorted(connection.execute(joined, (["a", "b"],)).fetchall()) == [("AT", ORDERS // 3), ("DE", ORDERS // 3)]
    metric = "select town, measure(orders) from metrics.orders where shop = %s group by 1 order by 1"
    assert connection.execute(metric, ("a",)).fetchall() == [("Köln", ORDERS // 6), ("Wien", ORDERS // 6)]


def test_a_prepared_statement_runs_again_with_other_values(connection: psycopg.Connection) -> None:
    text = "select count(*) from files.orders where amount > %s"
    found = [connection.execute(text, (limit,), prepare=True).fetchone() for limit in (-5, 2, 100)]
    assert [row[0] for row in found if row] == [ORDERS, 136, 0]


def test_a_cursor_of_sql_gives_rows_in_portions(door: Door) -> None:
    with psycopg.connect(door.dsn) as connection, connection.cursor("portions") as cursor:
        cursor.itersize = 70
        cursor.execute("select i from range(1000) t(i)")
        assert [row[0] for row in cursor] == list(range(1000))


def test_a_pipeline(connection: psycopg.Connection) -> None:
    with connection.pipeline():
        cursors = [connection.execute("select %s::int", (number,)) for number in range(5)]
    assert [cursor.fetchone() for cursor in cursors] == [(number,) for number in range(5)]


@pytest.mark.parametrize(
    ("text", "state", "code", "position"),
    [
        ("select nope from files.orders", "42703", "unknown-column", 8),
        ("select 1 from files.order", "42P01", "unknown-table", 15),
        ("select\n  1 from nowhere.t", "3F000", "unknown-source", 17),
        ("selec 1", "42601", "syntax", 1),
        ("select 'x'::int", "22P02", "conversion", None),
        ("delete from files.orders", "25006", "not-a-query", 1),
        ("create table x (a int)", "25006", "not-a-query", 1),
        ("select * from read_csv('/etc/passwd')", "42501", "table-function-refused", 15),
        ("select getenv('HOME')", "42501", "function-refused", 8),
        ("set timezone = 'Mars/Phobos'", "22023", "unknown-zone", None),
        ("show nothing_like_it", "42704", "unknown-setting", None),
    ],
)
def test_errors_have_state_code_and_position(
    connection: psycopg.Connection, text: str, state: str, code: str, position: int | None
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(text).fetchall()
    told = caught.value.diag
    assert (told.sqlstate, told.constraint_name) == (state, code)
    assert told.message_primary
    if position is not None:
        assert told.statement_position == str(position)
    assert connection.execute("select 1").fetchone() == (1,)


def test_the_position_is_that_in_all_that_was_sent(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn) as caught:
        connection.execute("select 1; select 'ü', nope from files.orders")
    assert caught.value.diag.statement_position == "23"


def test_transactions_are_words_that_fail_as_in_postgresql(door: Door) -> None:
    with psycopg.connect(door.dsn) as connection:
        connection.execute("select 1")
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        with pytest.raises(psycopg.errors.UndefinedColumn):
            connection.execute("select nope from files.orders")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("select 1")
        connection.rollback()
        assert connection.execute("select 1").fetchone() == (1,)
        with pytest.raises(ZeroDivisionError), connection.transaction():
            raise ZeroDivisionError
        assert connection.execute("select 2").fetchone() == (2,)


def test_settings(connection: psycopg.Connection) -> None:
    connection.execute("set time zone 'Asia/Kolkata'")
    assert connection.info.parameter_status("TimeZone") == "Asia/Kolkata"
    found = connection.execute("select timestamptz '2024-01-01 00:00:00+00'::varchar").fetchone()
    assert found == ("2024-01-01 05:30:00+05:30",)
    assert connection.execute("show timezone").fetchone() == ("Asia/Kolkata",)
    connection.execute("discard all")
    assert connection.execute("show timezone").fetchone() == ("Europe/Berlin",)
    connection.execute("set statement_timeout = '300ms'")
    with pytest.raises(psycopg.errors.QueryCanceled, match=r"longer than its 0\.3 seconds"):
        connection.execute(FOREVER)


@pytest.mark.parametrize("how", ["", "explain analyze "])
def test_cancel_by_the_key(door: Door, connection: psycopg.Connection, how: str) -> None:
    stop = threading.Event()

    def cancel_once_it_runs() -> None:
        while not stop.is_set() and not _running(door):
            stop.wait(0.02)
        connection.cancel_safe()

    with _beside(cancel_once_it_runs, stop), pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute(f"{how}{FOREVER}")
    assert connection.execute("select 1").fetchone() == (1,)


def test_a_statement_is_listed_and_can_be_cancelled_over_http(door: Door, connection: psycopg.Connection) -> None:
    stop = threading.Event()

    def cancel_once_it_runs() -> None:
        while not stop.is_set() and not (found := _running(door)):
            stop.wait(0.02)
        if not stop.is_set():
            requests.delete(f"{door.server.address}/api/queries/{found[0]}", timeout=10)

    with _beside(cancel_once_it_runs, stop), pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute(FOREVER)


def test_a_client_that_goes_ends_its_statement(door: Door) -> None:
    connection = psycopg.connect(door.dsn, autocommit=True)
    connection.pgconn.send_query(FOREVER.encode())
    connection.pgconn.flush()
    _until(lambda: bool(_running(door)))
    connection.close()
    _until(lambda: not _running(door))


def _running(door: Door) -> list[str]:
    found = requests.get(f"{door.server.address}/api/queries", timeout=10).json()
    return [one["id"] for one in found["queries"] if one["state"] == "running" and one["stage"] == "running"]


def _until(holds: Any) -> None:
    waiting = threading.Event()
    for _ in range(600):
        if holds():
            return
        waiting.wait(0.05)
    raise AssertionError("it did not come to that within half a minute")


class _beside:
    """A thread beside the block, which is told to stop at its end."""

    def __init__(self, work: Any, stop: threading.Event) -> None:
        self.thread, self.stop = threading.Thread(target=work), stop

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()


def test_a_kept_result_by_its_age(door: Door) -> None:
    text = "select uuid()::text"
    with psycopg.connect(door.dsn, autocommit=True) as con:
        assert con.execute(text).fetchone() != con.execute(text).fetchone()
        con.execute("set lapwing.max_age = '1h'")
        assert con.execute(text).fetchone() == con.execute(text).fetchone()
        con.execute("set lapwing.cache = off")
        assert con.execute(text).fetchone() != con.execute(text).fetchone()
        with pytest.raises(psycopg.Error, match="no length of time"):
            con.execute("set lapwing.max_age = 'soon'")


def test_a_statement_that_is_too_long_is_told(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(f"select 1 where {' or '.join(['1 = 2'] * 130_000)}")
    assert caught.value.diag.constraint_name == "too-long"
    assert connection.execute("select 1").fetchone() == (1,)
