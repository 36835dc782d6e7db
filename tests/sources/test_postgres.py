"""What PostgreSQL says when it can't be reached, in sentences that never hold the password."""

from __future__ import annotations

import psycopg
import pytest
from tests.services.base import free_port
from tests.sources.worlds import database

from lapwing.model.problem import SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Column
from lapwing.sources.postgres import PostgresSource


def problem(dsn: str) -> tuple[str, str]:
    """The code and text with which `tables` fails; reading fails with the same."""
    source = PostgresSource(SourceConfig(name="p", type="postgres", dsn=dsn))
    with pytest.raises(SourceError) as caught:
        source.tables()
    with pytest.raises(SourceError) as reading, source.read("select 1 as x", (Column("x", "INTEGER"),)) as stream:
        list(stream)
    assert reading.value.problems[0].code == caught.value.problems[0].code
    assert caught.value.problems[0].hint
    return caught.value.problems[0].code, str(caught.value)


def changed(dsn: str, **parts: str) -> str:
    return psycopg.conninfo.make_conninfo(dsn, **parts)


def test_nobody_listens(postgres_dsn: str) -> None:
    code, text = problem(changed(postgres_dsn, port=str(free_port()), password="hush-hush"))
    assert code == "source-unreachable"
    assert "refused" in text
    assert "hush-hush" not in text
    assert "?" not in text


def test_no_such_host_or_database(postgres_dsn: str) -> None:
    assert problem(changed(postgres_dsn, host="no-such-host.invalid"))[0] == "source-unreachable"
    code, text = problem(changed(postgres_dsn, dbname="nowhere"))
    assert code == "source-unreachable"
    assert '"nowhere" does not exist' in text


def test_wrong_password(postgres_dsn: str) -> None:
    code, text = problem(changed(postgres_dsn, password="hush-hush"))
    assert code == "wrong-password"
    assert "hush-hush" not in text


def test_a_user_sees_only_what_is_permitted(postgres_dsn: str) -> None:
    own = database(postgres_dsn)
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute("create table open (a int); create table closed (a int)")
        connection.execute("drop role if exists reader; create role reader login password 'p'")
        connection.execute("grant select on open to reader")
    source = PostgresSource(SourceConfig(name="p", type="postgres", dsn=changed(own, user="reader", password="p")))
    assert [table.name for table in source.tables()] == ["open"]
    with pytest.raises(SourceError) as caught, source.read("select a from closed", (Column("a", "INTEGER"),)) as stream:
        list(stream)
    assert caught.value.problems[0].code == "not-permitted"
    source.close()


def test_what_runs_for_a_killed_process_is_ended_by_the_server(postgres_dsn: str) -> None:
    source = PostgresSource(SourceConfig(name="p", type="postgres", dsn=postgres_dsn))
    setting = "select current_setting('client_connection_check_interval') as s"
    with source.read(setting, (Column("s", "VARCHAR"),)) as rows:
        assert [batch["s"].to_pylist() for batch in rows] == [["1s"]]
    source.close()
