"""Versions of PostgreSQL's tables: none of what changes by itself, or while somebody writes all the time."""

from __future__ import annotations

import psycopg
import pytest
from tests.sources.worlds import database

from lapwing.model.project import SourceConfig
from lapwing.sources.postgres import PostgresSource
from lapwing.sources.postgres_version import BUSY, Quiet


def test_what_changes_by_itself_has_none(postgres_dsn: str) -> None:
    dsn = database(postgres_dsn)
    with psycopg.connect(dsn, autocommit=True) as con:
        con.execute("create table plain (a int); create materialized view made as select * from plain")
        con.execute("create table cut (a int) partition by range (a)")
        con.execute("create table cut_low partition of cut for values from (0) to (9)")
        con.execute("create view seen as select now() as a; create table hidden (a int)")
        con.execute("alter table hidden enable row level security")
        con.execute("create foreign data wrapper away; create server far foreign data wrapper away")
        con.execute("create foreign table cut_far partition of cut for values from (9) to (99) server far")
        con.execute("create foreign table alone (a int) server far; create table parent (a int)")
        con.execute("create foreign table child () inherits (parent) server far")
        source = PostgresSource(SourceConfig(name="p", type="postgres", dsn=dsn))
        told = {table.name for table in source.tables() if source.version(table) is not None}
        assert told == {"plain", "made", "cut_low"}
        source.close()


def test_a_write_of_one_that_has_not_ended_is_none_yet(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lapwing.sources.postgres_version.BUSY", 0.0)
    dsn = database(postgres_dsn)
    with psycopg.connect(dsn) as writer, psycopg.connect(dsn, autocommit=True) as other:
        other.execute("create table t (a int)")
        source = PostgresSource(SourceConfig(name="p", type="postgres", dsn=dsn))
        (table,) = source.tables()
        seen = [source.version(table)]
        writer.execute("insert into t values (1)")
        other.execute("insert into t values (2)")  # ends before the one that began earlier
        seen.append(source.version(table))
        writer.commit()
        seen.append(source.version(table))
        assert None not in seen
        assert len(set(seen)) == 3
        assert source.version(table) == seen[-1]
        source.close()


def test_somebody_writes_all_the_time() -> None:
    now = [0.0]
    quiet = Quiet(clock=lambda: now[0])
    assert quiet.seems("a")
    now[0] += BUSY * 2
    assert quiet.seems("b")  # may have been written long ago
    for step in range(3):
        now[0] += BUSY / 2
        assert not quiet.seems(f"c{step}")
    now[0] += BUSY / 2
    assert not quiet.seems("c2")
    now[0] += BUSY
    assert quiet.seems("c2")
