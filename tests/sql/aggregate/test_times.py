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
from tests.sources.worlds import mariadb_connection

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
        own.execute("create table x (n int, x timestamp)")
        own.executemany("insert into x values (?, ?::timestamp)", [(n, _own(text)) for n, text in enumerate(texts)])
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
            connection.execute(f"alter table x alter x type {type_}")
            return connection.execute(sql).fetchall()

    return ask


SHOWN = "case when isfinite({0}) then extract(epoch from {0})::bigint end"
EVERY = [*moments(1, 9999), *moments(100_000, 290_000), *FAR]


@pytest.mark.parametrize("type_", ["DATE", "TIMESTAMP"])
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


@pytest.mark.parametrize("type_", ["DATE", "TIMESTAMP"])
def test_mariadb(mariadb_dsn: str, type_: str) -> None:
    texts = moments(1, 9999)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with mariadb_connection(mariadb_dsn) as connection, connection.cursor() as cursor:
            for setting in dialect_of("mysql").settings:
                cursor.execute(setting)
            cursor.execute("create database if not exists cutting")
            cursor.execute("use cutting")
            cursor.execute(f"create temporary table x (n int, x {'date' if type_ == 'DATE' else 'datetime(6)'})")
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
