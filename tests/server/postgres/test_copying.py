"""COPY (SELECT ...) TO STDOUT by psql and psycopg, and what of COPY is refused."""

from __future__ import annotations

import csv
import io

import psycopg
import pytest
from tests.server.postgres.conftest import Door
from tests.server.postgres.test_clients import psql
from tests.shop import ORDERS

from lapwing.server.postgres import cursors
from lapwing.server.postgres.copying import begin
from lapwing.server.postgres.scan import bare

ODD = ["", 'say "so"', "a,b", "a\tb", "two\nlines", "\\.", "\\N", "back\\slash", "Köln", "\r", " "]
VALUES = ", ".join("('" + value + "', " + str(number) + ")" for number, value in enumerate(ODD))
ROWS = f"select v, case when n % 2 = 0 then n end as even from (values {VALUES}) t(v, n) order by n"
EXPECTED = [(value, str(number) if number % 2 == 0 else None) for number, value in enumerate(ODD)]


def copied(connection: psycopg.Connection, text: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(text.encode()) as copy:
        return b"".join(bytes(part) for part in copy)


def test_text_is_read_back_by_psycopg(connection: psycopg.Connection) -> None:
    with connection.cursor() as cursor, cursor.copy(f"copy ({ROWS}) to stdout".encode()) as copy:
        assert list(copy.rows()) == EXPECTED
    assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(
    "options", ["with csv header", "(format csv, header)", "with (header true, format 'csv')", "csv header"]
)
def test_csv_with_a_header(connection: psycopg.Connection, options: str) -> None:
    found = copied(connection, f"-- all\ncopy ({ROWS}) to stdout {options}")
    head, *rows = csv.reader(io.StringIO(found.decode(), newline=""))
    assert head == ["v", "even"]
    assert [(value, even or None) for value, even in rows] == EXPECTED


def test_null_and_the_empty_text_differ_in_csv(connection: psycopg.Connection) -> None:
    text = "copy (select null as a, '' as b, 1.50 as c, timestamp '2024-01-01 10:00:00' as \"d,e\") to stdout "
    assert copied(connection, text + "(format csv, header)") == b'a,b,c,"d,e"\n,"",1.50,2024-01-01 10:00:00\n'
    assert copied(connection, text) == b"\\N\t\t1.50\t2024-01-01 10:00:00\n"


def test_many_rows_metrics_and_the_extended_way(door: Door, connection: psycopg.Connection) -> None:
    assert copied(connection, "copy (select i from range(10000) t(i)) to stdout").split() == [
        str(number).encode() for number in range(10_000)
    ]
    found = copied(connection, "copy (select town, measure(orders) from metrics.orders group by 1) to stdout csv")
    assert sorted(found.decode().split()) == [f"Köln,{ORDERS // 2}", f"Wien,{ORDERS // 2}"]
    connection.pgconn.send_query_params(b"copy (select 7) to stdout", None)
    result = connection.pgconn.get_result()
    assert result is not None
    assert result.status == psycopg.pq.ExecStatus.COPY_OUT
    assert bytes(connection.pgconn.get_copy_data(0)[1]) == b"7\n"
    assert connection.pgconn.get_copy_data(0)[0] == -1
    result = connection.pgconn.get_result()
    assert result is not None
    assert result.command_status == b"COPY 1"
    assert connection.pgconn.get_result() is None
    said = psql(
        door, r"\copy (select shop, count(*) as n from files.orders group by 1 order by 1) to stdout csv header"
    )
    assert said == f"shop,n\na,{ORDERS // 3}\nb,{ORDERS // 3}\nc,{ORDERS // 3}\n"


@pytest.mark.parametrize(
    ("text", "state", "code", "hint"),
    [
        ("copy files.orders from stdin", "25006", "not-a-query", "Write to the source"),
        ("copy files.orders to stdout", "0A000", "not-implemented", "COPY (SELECT ...) TO STDOUT"),
        ("copy (select 1) to '/srv/x'", "42501", "not-allowed", "TO STDOUT"),
        ("copy (select 1) to program 'cat'", "42501", "not-allowed", "TO STDOUT"),
        ("copy (select 1) to stdout (format binary)", "0A000", "not-implemented", "FORMAT csv"),
        ("copy (select 1) to stdout (delimiter ';')", "0A000", "not-implemented", "HEADER"),
        ("copy (delete from files.orders) to stdout", "25006", "not-a-query", None),
        ("copy (show timezone) to stdout", "25006", "not-a-query", None),
        ("copy (select $1::int) to stdout", "42P02", "parameter", "Write the values"),
        ("copy nothing", "42601", "syntax", "COPY (SELECT ...) TO STDOUT"),
        ("copy (select nope from files.orders) to stdout", "42703", "unknown-column", None),
        ("copy (select cast('x' || i as int) from range(3) t(i)) to stdout", "22P02", "conversion", None),
    ],
)
def test_the_rest_is_refused(
    connection: psycopg.Connection, text: str, state: str, code: str, hint: str | None
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        copied(connection, text)
    told = caught.value.diag
    assert (told.sqlstate, told.constraint_name) == (state, code)
    assert (hint or "") in (told.message_hint or "")
    assert told.statement_position == ("14" if code == "unknown-column" else told.statement_position)
    assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize("before", [" " * 5_000, "/* */" * 5_000, "--\n" * 5_000, "\n  " * 5_000])
@pytest.mark.parametrize("text", ["copy orders to 'file'", "declare c for select 1", "fetch 1 of c", "copy (select 1)"])
def test_blanks_and_comments_before_a_statement_keep_nobody_busy(before: str, text: str) -> None:
    """Each was tried in twice as many ways as the one before: forty blanks took hours."""
    assert begin(before + text) == 0
    assert cursors.read(before + text) is None
    assert bare(before + text) == text
    assert begin(f"{before}copy (select 1) to stdout") == len(before) + 6
    assert cursors.read(f"{before}fetch c") is not None
