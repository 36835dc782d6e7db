"""What clients of PostgreSQL write and mean, where the engine would read it otherwise; and connections as they see them."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from tests.server.postgres.conftest import Door
from tests.shop import ORDERS

ENDLESS = b"select count(*) from range(1000000000) a(x), range(1000000) b(y) where x * y % 7 = 3"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("select count(at) from files.orders as at where at.at is not null", ORDERS),
        ("select count(*) from files.orders where at at time zone 'UTC' > timestamptz '2024-02-29 23:30:00+01'", 1),
        (
            "select count(*) from files.orders where at >= TO_TIMESTAMP('2024-02-29 18:00:00.5', 'YYYY-MM-DD HH24:MI:SS.US')",
            1,
        ),
        ("select count(*) from files.orders where at < to_date('02.01.2024', 'DD.MM.YYYY')", 3),
        ("select orders from metrics.orders where at >= to_timestamp('2024-02-29', 'YYYY-MM-DD')", 5),
        ("select count(*) from (select distinct town, shop from metrics.orders) x", 6),
        (
            "select count(*) from files.orders where TO_CHAR(at, 'YYYY-MM') = '2024-02' and to_char(\"at\" , 'DD') < '03'",
            8,
        ),
        (
            "select count(*) from files.orders where to_char(date_trunc('day', at), 'FMMonth DD, yyyy') = 'February 02, 2024'",
            4,
        ),
        (
            "select count(*) from (select to_char(date_trunc('month', at), 'Mon ''YY') m, orders from metrics.orders) x",
            3,
        ),
        ('select count(*) from "files"."orders" where shop <> \'at\' -- at', ORDERS),
    ],
)
def test_what_is_read_otherwise(connection: psycopg.Connection[Any], text: str, count: int) -> None:
    assert connection.execute(text.encode()).fetchone() == (count,)


def test_a_form_that_is_not_known_is_told(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.UndefinedFunction, match="to_char"):
        connection.execute("select to_char(amount, '999D99') from files.orders")


def test_names_without_a_schema(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("select 1 from orders")
    connection.execute('set search_path = "$user", places, "files"')
    assert connection.execute("select current_schema()").fetchone() == ("places",)
    asked = "with t as (select * from towns) select t.country, count(*) from Orders o join t using (town) group by 1 order by 1"
    assert connection.execute(asked).fetchall() == [("AT", ORDERS // 2), ("DE", ORDERS // 2)]
    with pytest.raises(psycopg.errors.UndefinedColumn) as told:
        connection.execute("select town, nope from orders")
    assert told.value.diag.statement_position == "14"
    connection.execute("reset search_path")
    assert connection.execute("select current_schema()").fetchone() == ("public",)


@pytest.mark.parametrize(
    "text",
    [
        "begin; declare c cursor for select nope from files.orders",
        "  /* who */ declare c no scroll cursor with hold for\n  select town, nope from files.orders",
        'declare c cursor for select "at", at, nope from files.orders',
        "select 1;  copy (select town,\n nope from files.orders) to stdout with csv",
        "-- why\nexplain select nope from files.orders",
        "explain (verbose) select nope from files.orders",
    ],
)
def test_places_count_from_what_was_sent(connection: psycopg.Connection[Any], text: str) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn) as told:
        connection.execute(text.encode())
    assert told.value.diag.statement_position == str(text.index("nope") + 1)
    connection.execute("rollback")


def number_of(connection: psycopg.Connection[Any]) -> int:
    (found,) = connection.execute("select pg_backend_pid()").fetchone() or (None,)
    return int(str(found))


@pytest.mark.parametrize("way", ["pg_cancel_backend", "pg_terminate_backend"])
def test_another_connection_is_stopped(door: Door, connection: psycopg.Connection[Any], way: str) -> None:
    with psycopg.connect(door.dsn, autocommit=True, application_name="busy") as busy:
        number, told = number_of(busy), list[psycopg.Error]()
        assert number == busy.info.backend_pid

        def run() -> None:
            try:
                busy.execute(ENDLESS)
            except psycopg.Error as error:
                told.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        activity = (
            f"select state, query from pg_stat_activity where pid = {number} and application_name = 'busy'".encode()
        )
        while connection.execute(activity).fetchone() != ("active", ENDLESS.decode()):
            assert thread.is_alive()
        stop = f"select {way}(pid) from pg_stat_activity where pid = '{number}'".encode()
        assert connection.execute(stop).fetchall() == [(True,)]
        thread.join(30)
        assert [one.sqlstate for one in told] == ["57014"]
        if way == "pg_cancel_backend":
            assert busy.execute("select 1").fetchone() == (1,)
        else:
            with pytest.raises(psycopg.OperationalError):  # 57P01, where it is read before the end
                busy.execute("select 1")
    assert connection.execute("select pg_cancel_backend(0)").fetchone() == (False,)
