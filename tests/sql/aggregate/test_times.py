"""Every source cuts times as the engine does, at any moment that it can hold."""

from __future__ import annotations

import inspect
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from types import ModuleType
from typing import Any

import duckdb
import psycopg
import pytest
from tests.sources.bigquery_emulator import bigquery_client
from tests.sources.worlds import clickhouse_client, mariadb_connection, trino_rows

from lapwing.model.problem import LapwingError
from lapwing.sql.aggregate.times import Cut, written
from lapwing.states.dialects import dialect_of, postgres
from lapwing.states.dialects.base import Dialect

CUTS = {
    **{Cut(unit): f"date_trunc('{unit}', x)" for unit in ("year", "quarter", "month", "week", "day", "hour")},
    **{
        Cut(part, part=True): f"date_part('{part}', x)"
        for part in ("year", "quarter", "month", "week", "day", "doy", "dow", "isodow", "hour", "minute")
    },
    Cut("date"): "x::date",
}
EDGES = ("0001-01-01", "0004-12-31", "1582-10-10", "1900-02-28", "1969-12-31", "2000-02-29", "2020-12-28", "2021-01-03")
FAR = ("0044-03-15 BC", "0001-12-31 BC", "0002-01-01 BC", "4713-02-01 BC", "infinity", "-infinity")
Ask = Callable[[str], list[tuple[Any, ...]]]


def moments(first: int, last: int) -> list[str]:
    """Of these years, as text."""
    rng = random.Random(5)
    clocks = ("00:00:00", "00:00:00.000001", "23:59:59.999999", "12:34:56")
    return [
        f"{rng.randrange(first, last + 1):04}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02} {rng.choice(clocks)}"
        for _ in range(400)
    ] + [f"{day} {clock}" for day in EDGES if int(day[:4]) >= first for clock in clocks]


def wrong(engine: Dialect, type_: str, texts: Sequence[str], ask: Ask, shown: str) -> list[tuple[str, str, Any, Any]]:
    """What a source cuts otherwise: the cut, the moment, and both answers. `ask` has the moments as table `x` (n, x); `shown`
    makes a text or number of a time that both write alike."""
    with duckdb.connect() as own:
        own.execute("set TimeZone = 'UTC'")
        own.execute("create table x (n int, x timestamp)")
        own.execute(
            "insert into x select unnest(?), unnest(?)::timestamp",
            [[*range(len(texts))], [_own(text) for text in texts]],
        )
        own.execute(f"create table y as select n, x::{type_} as x from x")
        found = []
        for cut, text in CUTS.items():
            try:
                sql = written(cut, "x", type_, engine)
            except LapwingError:
                continue
            one = "{}" if cut.part else shown
            theirs: dict[Any, Any] = dict(ask(f"select n, {one.format(sql)} from x"))
            ours = dict(own.execute(f"select n, {_shown_here(text, cut)} from y").fetchall())
            found += [(text, texts[n], theirs[n], ours[n]) for n in ours if str(theirs[n]) != str(ours[n])]
    return found


def _own(text: str) -> str:
    return text.replace(" BC", " (BC)") if text.endswith("BC") else text


def _shown_here(text: str, cut: Cut) -> str:
    return text if cut.part else f"case when isfinite({text}) then epoch({text})::bigint end"


def in_postgres(dsn: str, texts: Sequence[str], type_: str) -> Ask:
    def ask(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(dsn, options="-c timezone=UTC") as connection:
            connection.execute("create temp table x (n int, x timestamp)")
            with connection.cursor().copy("copy x from stdin") as copy:
                for row in enumerate(texts):
                    copy.write_row(row)
            of = " using x at time zone 'UTC'" if type_ == ZONED else ""
            connection.execute(f"alter table x alter x type {type_}{of}")
            connection.execute("set timezone = 'Asia/Tokyo'")
            return connection.execute(sql).fetchall()

    return ask


SHOWN = "case when isfinite({0}) then extract(epoch from {0})::bigint end"
ZONED = "TIMESTAMP WITH TIME ZONE"
EVERY = [*moments(1, 9999), *moments(100_000, 290_000), *FAR]


@pytest.mark.parametrize("type_", ["DATE", "TIMESTAMP", ZONED])
def test_postgres(postgres_dsn: str, type_: str) -> None:
    assert not wrong(dialect_of("postgres"), type_, EVERY, in_postgres(postgres_dsn, EVERY, type_), SHOWN)


GUARDS = {
    "years before year 1": ('if part == "year":', "if False:"),
    "what is infinite": ('f"CASE WHEN ISFINITE({x}) THEN {found} END"', 'f"{found}"'),
}


@pytest.mark.parametrize("what", GUARDS)
def test_without_its_guard_postgres_cuts_otherwise(postgres_dsn: str, what: str) -> None:
    guard, instead = GUARDS[what]
    text = inspect.getsource(postgres)
    assert guard in text
    mutant = ModuleType("mutant")
    exec(compile(text.replace(guard, instead), postgres.__file__, "exec"), mutant.__dict__)
    ask = in_postgres(postgres_dsn, EVERY, "TIMESTAMP")
    try:
        assert wrong(mutant.__dict__["Postgres"](), "TIMESTAMP", EVERY, ask, SHOWN)
    except psycopg.errors.FeatureNotSupported:
        assert what == "what is infinite"  # it is an error, which costs the groups


MARIADB = {"DATE": "date", "TIMESTAMP": "datetime(6)", ZONED: "timestamp(6) null"}


@pytest.mark.parametrize("type_", MARIADB)
def test_mariadb(mariadb_dsn: str, type_: str) -> None:
    texts = moments(1971, 2037) if type_ == ZONED else moments(1, 9999)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with mariadb_connection(mariadb_dsn) as connection, connection.cursor() as cursor:
            for setting in dialect_of("mysql").settings:
                cursor.execute(setting)
            cursor.execute("create database if not exists cutting")
            cursor.execute("use cutting")
            cursor.execute(f"create temporary table x (n int, x {MARIADB[type_]})")
            cursor.executemany("insert into x values (%s, cast(%s as datetime(6)))", list(enumerate(texts)))
            cursor.execute(sql)
            return list(cursor.fetchall())

    assert not wrong(dialect_of("mysql"), type_, texts, ask, "timestampdiff(second, '1970-01-01', {})")


@pytest.mark.parametrize("type_", ["DATE", "TIMESTAMP"])
@pytest.mark.parametrize("between", [" ", "T"])
def test_sqlite(type_: str, between: str) -> None:
    texts = moments(1, 9999)
    stored = [text[:10] if type_ == "DATE" else text.replace(" ", between) for text in texts]

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(":memory:")) as lite:
            lite.execute("create table x (n int, x)")
            lite.executemany("insert into x values (?, ?)", enumerate(stored))
            return lite.execute(sql).fetchall()

    assert not wrong(dialect_of("sqlite"), type_, texts, ask, "cast(strftime('%s', {}) as integer)")


@pytest.mark.parametrize(("type_", "kept"), [("DATE", "Date32"), (ZONED, "DateTime64(6, 'Asia/Tokyo')")])
def test_clickhouse(clickhouse_dsn: str, type_: str, kept: str) -> None:
    texts = moments(1900, 2299)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with closing(clickhouse_client(clickhouse_dsn)) as client:
            rows = ", ".join(f"({n}, toDateTime64('{text}', 6, 'UTC'))" for n, text in enumerate(texts))
            client.command("drop table if exists cutting")
            client.command(f"create table cutting (n Int32, x Nullable({kept})) engine = Memory")
            client.command(f"insert into cutting values {rows}")
            return [tuple(row) for row in client.query(sql.replace("from x", "from cutting")).result_rows]

    shown = "intDiv(toUnixTimestamp64Micro(toDateTime64({}, 6, 'UTC')), 1000000)"
    assert not wrong(dialect_of("clickhouse"), type_, texts, ask, shown)


def _without_era(text: str) -> str:
    return f"-{int(text[:4]) - 1:04}{text[4:10]}" if text.endswith("BC") else text


@pytest.mark.long
@pytest.mark.parametrize("type_", ["DATE", "TIMESTAMP", ZONED])
def test_trino(trino_dsn: str, type_: str) -> None:
    texts = [*moments(1, 9999), *FAR[:3]]
    x = (
        "at_timezone(with_timezone(x, 'UTC'), 'Asia/Tokyo')"
        if type_ == ZONED
        else f"cast(x as {type_.replace('STAMP', 'STAMP(6)')})"
    )

    def ask(sql: str) -> list[tuple[Any, ...]]:
        rows = ", ".join(f"({n}, timestamp '{_without_era(text)}')" for n, text in enumerate(texts))
        return [
            tuple(row)
            for row in trino_rows(trino_dsn, f"with y(n, x) as (values {rows}), x as (select n, {x} as x from y) {sql}")
        ]

    shown = "date_diff('second', timestamp '1970-01-01 00:00:00', cast({} as timestamp(6)))"
    assert not wrong(dialect_of("trino"), type_, texts, ask, shown)


@pytest.mark.long
@pytest.mark.parametrize(
    ("type_", "x"), [("DATE", "CAST(x AS DATE)"), ("TIMESTAMP", "x"), (ZONED, "TIMESTAMP(x, 'UTC')")]
)
def test_bigquery(bigquery_dsn: str, type_: str, x: str) -> None:
    texts = moments(1680, 2261)  # the emulator counts differences in nanoseconds

    def ask(sql: str) -> list[tuple[Any, ...]]:
        rows = ", ".join(f"STRUCT({n} AS n, DATETIME '{text}' AS x)" for n, text in enumerate(texts))
        made = f"WITH y AS (SELECT n, {x} AS x FROM UNNEST([{rows}])) {sql.replace('from x', 'from y')}"
        with closing(bigquery_client(bigquery_dsn)) as client:
            return [tuple(row.values()) for row in client.query_and_wait(made, retry=None, job_retry=None)]

    shown = "DATETIME_DIFF(CAST({} AS DATETIME), DATETIME '1970-01-01 00:00:00', SECOND)"
    assert not wrong(dialect_of("bigquery"), type_, texts, ask, shown)


@pytest.mark.parametrize("type_", ["DATE", "TIMESTAMP"])
def test_snowflake(snowflake_dsn: str, type_: str) -> None:
    from lapwing.sources.snowflake_session import connect, login_of

    texts = moments(1680, 2261)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        rows = ", ".join(f"({n}, '{text}')" for n, text in enumerate(texts))
        own = type_.replace("STAMP", "STAMP_NTZ")
        made = f"SELECT n, CAST(CAST(x AS TIMESTAMP_NTZ) AS {own}) AS x FROM (VALUES {rows}) AS y (n, x)"
        with closing(connect(login_of(snowflake_dsn))) as connection, connection.cursor() as cursor:
            cursor.execute(f"WITH x AS ({made}) {sql}")
            return list(cursor.fetchall())

    shown = "DATEDIFF('second', CAST('1970-01-01' AS TIMESTAMP_NTZ), CAST({} AS TIMESTAMP_NTZ))"
    assert not wrong(dialect_of("snowflake"), type_, texts, ask, shown)
