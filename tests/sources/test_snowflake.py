"""Snowflake: addresses and secrets, types, and what the account is told. The account is a double."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.services.snowflake import INLINE_ROWS, Failed, SnowflakeDouble

from lapwing.model.problem import LapwingError, SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Column
from lapwing.sources.guarded import Guarded
from lapwing.sources.passing import Backoff, Passing
from lapwing.sources.snowflake import SnowflakeSource
from lapwing.sources.snowflake_session import login_of
from lapwing.sources.snowflake_types import column_of


@pytest.fixture
def schema(snowflake_double: SnowflakeDouble) -> Iterator[str]:
    name = f"TEST_{uuid.uuid4().hex[:12].upper()}"
    snowflake_double.run(f"create schema {name}")
    yield name
    snowflake_double.run(f"drop schema {name} cascade")


def opened(double: SnowflakeDouble, schema: str, **more: str) -> SnowflakeSource:
    return SnowflakeSource(
        SourceConfig(name="s", type="snowflake", dsn=double.dsn_of(schema, **more), schemas=(schema,))
    )


def all_rows(source: SnowflakeSource, sql: str, *columns: Column) -> list[dict[str, object]]:
    with source.read(sql, columns) as stream:
        rows: list[dict[str, object]] = pa.Table.from_batches(list(stream), stream.schema).to_pylist()
        return rows


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("snowflake://u:hush@account", "it names no database"),
        ("snowflake://account/db", "it names no account or no user"),
        ("snowflake://u@account/db", "it has no password, private_key_file or token"),
        ("snowflake://u:hush@account/db?warehose=x", "warehose is no option"),
        ("snowflake://u@account/db?token=hush&token_type=oath", "oath is no token_type"),
        ("snowflake://u@account/db?private_key_file=/nowhere/hush", "the file of its private key can't be read"),
        ("snowflake://u:hush@host/db?account=a&protocol=http", "what is secret would travel without encryption"),
    ],
)
def test_wrong_addresses(dsn: str, says: str) -> None:
    with pytest.raises(LapwingError) as caught:
        login_of(dsn)
    assert says in caught.value.problems[0].message
    assert "hush" not in str(caught.value)


def test_names_of_an_address_are_in_capitals_unless_quoted() -> None:
    login = login_of("snowflake://u:p@org-account/sales/%22Mine%22?warehouse=w&role=r")
    assert (login.database, login.schema) == ("SALES", "Mine")
    assert login.options["adbc.snowflake.sql.account"] == "org-account"
    assert login.options["adbc.snowflake.sql.schema"] == '"Mine"'
    assert "p" not in repr(login).split("Login")[1].split("database")[0]
    assert login_of("snowflake://u:p@account/db").schema == "PUBLIC"


def test_a_wrong_password_is_told(snowflake_double: SnowflakeDouble) -> None:
    with pytest.raises(SourceError) as caught:
        opened(snowflake_double, "PUBLIC", user="reader:secret-word").tables()
    assert caught.value.problems[0].code == "wrong-password"
    assert "secret-word" not in str(caught.value)


def test_a_key_and_a_token_log_in(snowflake_double: SnowflakeDouble, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for name, lock in (
        ("plain", serialization.NoEncryption()),
        ("locked", serialization.BestAvailableEncryption(b"p")),
    ):
        pem = serialization.PrivateFormat.PKCS8
        (tmp_path / name).write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, lock))
    for more, shown in (
        (f"&private_key_file={tmp_path}/plain", "SNOWFLAKE_JWT"),
        (f"&private_key_file={tmp_path}/locked&private_key_passphrase=p", "SNOWFLAKE_JWT"),
        ("&token=abc", "OAUTH"),
        ("&token=abc&token_type=pat", "PROGRAMMATIC_ACCESS_TOKEN"),
    ):
        opened(snowflake_double, "PUBLIC", user="reader", more=more).tables()
        login = snowflake_double.logins[-1]
        assert login["AUTHENTICATOR"] == shown
        assert login["TOKEN"]
        assert not login.get("PASSWORD")


@pytest.mark.long  # the driver tries again until its limit for logging in
def test_an_account_that_is_not_there(snowflake_double: SnowflakeDouble) -> None:
    dsn = snowflake_double.dsn.replace(f":{snowflake_double.port}/", ":1/")
    with pytest.raises(SourceError) as caught:
        SnowflakeSource(SourceConfig(name="s", type="snowflake", dsn=dsn)).tables()
    assert caught.value.problems[0].code == "source-unreachable"
    assert isinstance(caught.value, Passing)
    assert caught.value.down


def test_what_may_pass_is_begun_again(snowflake_double: SnowflakeDouble) -> None:
    source = Guarded(opened(snowflake_double, "PUBLIC"), backoff=Backoff(random=lambda: 0.0))
    gone = Failed(390111, "08001", "Session no longer exists. New login required to access the service.")
    snowflake_double.refusals = [gone, Failed(625, "57014", "the number of waiters for this lock exceeds the 20")]
    logins = len(snowflake_double.logins)
    with source.read("SELECT 1 AS x", (Column("x", "BIGINT"),)) as stream:
        assert sum(batch.num_rows for batch in stream) == 1
    assert stream.retries == 2
    assert len(snowflake_double.logins) == logins + 3
    snowflake_double.refusals = [Failed(1003, "42000", "SQL compilation error: syntax error.")]
    with pytest.raises(SourceError) as caught, source.read("SELECT 1 AS x", (Column("x", "BIGINT"),)) as stream:
        list(stream)
    assert caught.value.problems[0].code == "source-refused"
    assert not snowflake_double.refusals
    source.close()


@pytest.mark.parametrize(
    ("kind", "precision", "scale", "type_"),
    [
        ("NUMBER", 2, 0, "TINYINT"),
        ("NUMBER", 4, 0, "SMALLINT"),
        ("NUMBER", 9, 0, "INTEGER"),
        ("NUMBER", 18, 0, "BIGINT"),
        ("NUMBER", 19, 0, "HUGEINT"),
        ("NUMBER", 38, 37, "DECIMAL(38,37)"),
        ("TIMESTAMP_LTZ", None, None, "TIMESTAMP WITH TIME ZONE"),
        ("VARIANT", None, None, "VARCHAR"),
    ],
)
def test_types(kind: str, precision: int | None, scale: int | None, type_: str) -> None:
    assert column_of("c", kind, precision, scale).type == type_


def test_columns_that_are_seldom(snowflake_double: SnowflakeDouble, schema: str) -> None:
    run = snowflake_double.run
    run("create table odd (v variant, c varchar, t time, b binary, n timestamp_ntz(9))", schema)
    run("comment on column odd.c is 'collated'", schema)
    run("insert into odd select parse_json('{\"a\": [1]}'), 'x', '12:00:01.5', to_binary('ff00', 'hex'), null", schema)
    source = opened(snowflake_double, schema)
    (table,) = source.tables()
    exact = {column.name: column.exact_text for column in table.columns if column.type == "VARCHAR"}
    assert exact == {"V": False, "C": False}
    with source.scan(table, table.columns[:4]) as stream:
        (row,) = pa.Table.from_batches(list(stream), stream.schema).to_pylist()
    assert row["V"].replace(" ", "") == '{"a":[1]}'
    assert (row["T"].isoformat(), row["B"]) == ("12:00:01.500000", b"\xff\x00")
    source.close()


def test_a_moment_that_nanoseconds_do_not_reach_is_told(snowflake_double: SnowflakeDouble) -> None:
    source = opened(snowflake_double, "PUBLIC")
    with pytest.raises(SourceError, match="from 1677 to 2262") as caught:
        all_rows(source, "SELECT '0999-12-31'::TIMESTAMP_NTZ AS x", Column("x", "TIMESTAMP"))
    assert caught.value.problems[0].code == "bad-value"
    source.close()


def test_long_results_come_whole(snowflake_double: SnowflakeDouble) -> None:
    source = opened(snowflake_double, "PUBLIC")
    many = 3 * INLINE_ROWS
    rows = all_rows(
        source, f"SELECT x FROM TABLE(GENERATOR(ROWCOUNT => {many})) AS a(x) ORDER BY x", Column("x", "BIGINT")
    )
    assert [row["x"] for row in rows] == list(range(many))
    source.close()


def test_what_an_account_is_told(snowflake_double: SnowflakeDouble) -> None:
    source = opened(snowflake_double, "PUBLIC")
    asked = len(snowflake_double.asked)
    all_rows(source, "SELECT 1 AS x", Column("x", "BIGINT"))
    all_rows(source, "SELECT 2 AS x", Column("x", "BIGINT"))
    told = snowflake_double.asked[asked:]
    assert "QUERY_TAG = 'lapwing'" in told[0]
    assert "TIMEZONE = 'UTC'" in told[0]
    assert told[1:] == ["ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 35", "SELECT 1 AS x", "SELECT 2 AS x"]
    source.close()


def test_only_what_reads_is_sent(snowflake_double: SnowflakeDouble) -> None:
    source = opened(snowflake_double, "PUBLIC")
    asked = len(snowflake_double.asked)
    for sql in ("DELETE FROM t", "CALL p()", "INSERT INTO t SELECT 1", "SELECTED"):
        with pytest.raises(SourceError, match="Only statements that read"):
            source.read(sql, ())
    assert len(snowflake_double.asked) == asked


def test_a_cancel_reaches_the_account(snowflake_double: SnowflakeDouble) -> None:
    source = opened(snowflake_double, "PUBLIC")
    before = len(snowflake_double.aborted)
    sql = "SELECT COUNT(*) AS x FROM TABLE(GENERATOR(ROWCOUNT => 1000000)) AS a(x), "
    sql += "TABLE(GENERATOR(ROWCOUNT => 1000000)) AS b(y) WHERE a.x * b.y % 7 = 1"
    with source.read(sql, (Column("x", "BIGINT"),)) as stream:
        until = time.monotonic() + 20
        while not snowflake_double.running and time.monotonic() < until:
            time.sleep(0.01)
        stream.cancel()
    while snowflake_double.running and time.monotonic() < until:
        time.sleep(0.01)
    assert len(snowflake_double.aborted) > before
    assert not snowflake_double.running
    source.close()
