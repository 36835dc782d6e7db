"""ClickHouse: its own types, its address, and what it says when something is wrong."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.services.base import free_port
from tests.services.tcp_proxy import proxied
from tests.sources.lake import opened, rows_of, table_of, types_of
from tests.sources.worlds import clickhouse_client

from lapwing.model.problem import LapwingError, SourceError
from lapwing.sources.clickhouse_session import explain, parameters
from lapwing.sources.passing import Passing

VALUES = {
    "UInt8": ("255", "UTINYINT", 255),
    "UInt64": ("18446744073709551615", "UBIGINT", 2**64 - 1),
    "Int128": ("'170141183460469231731687303715884105727'", "VARCHAR", str(2**127 - 1)),
    "Float32": ("0.1", "FLOAT", pytest.approx(0.1)),
    "Decimal(38, 10)": ("'1.0000000001'", "DECIMAL(38,10)", Decimal("1.0000000001")),
    "Decimal(60, 2)": ("'1.25'", "VARCHAR", "1.25"),
    "Date": ("'2149-06-06'", "DATE", date(2149, 6, 6)),
    "Date32": ("'1900-01-01'", "DATE", date(1900, 1, 1)),
    "DateTime": ("'2024-07-01 12:00:00'", "TIMESTAMP WITH TIME ZONE", datetime(2024, 7, 1, 12, tzinfo=UTC)),
    "DateTime('Asia/Tokyo')": (
        "toDateTime('2024-07-01 12:00:00', 'UTC')",
        "TIMESTAMP WITH TIME ZONE",
        datetime(2024, 7, 1, 12, tzinfo=UTC),
    ),
    "DateTime64(3)": (
        "'2024-07-01 12:00:00.123'",
        "TIMESTAMP WITH TIME ZONE",
        datetime(2024, 7, 1, 12, 0, 0, 123_000, UTC),
    ),
    "DateTime64(9, 'UTC')": (
        "'2024-07-01 12:00:00.123456000'",
        "TIMESTAMP WITH TIME ZONE",
        datetime(2024, 7, 1, 12, 0, 0, 123_456, UTC),
    ),
    "LowCardinality(String)": ("'x'", "VARCHAR", "x"),
    "FixedString(4)": ("'ab'", "VARCHAR", "ab"),
    "Enum8('on' = 1, 'off' = 2)": ("'off'", "VARCHAR", "off"),
    "UUID": ("'61f0c404-5cb3-11e7-907b-a6006ad3dba0'", "VARCHAR", "61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
    "IPv4": ("'127.0.0.1'", "VARCHAR", "127.0.0.1"),
    "Array(Int32)": ("[1, 2]", "VARCHAR", "[1,2]"),
    "Map(String, Int32)": ("map('a', 1)", "VARCHAR", '{"a":1}'),
    "Tuple(Int32, String)": ("(1, 'x')", "VARCHAR", '[1,"x"]'),
    "SimpleAggregateFunction(max, Nullable(Int64))": ("7", "BIGINT", 7),
}


@pytest.fixture
def database(clickhouse_dsn: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    client = clickhouse_client(clickhouse_dsn)
    client.command(f"create database {name}")
    yield name
    client.command(f"drop database {name} sync")


def test_every_type(clickhouse_dsn: str, database: str) -> None:
    client = clickhouse_client(clickhouse_dsn)
    names = [f"c{number}" for number in range(len(VALUES))]
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, VALUES, strict=True))
    client.command(
        f"create table {database}.t ({columns}, s AggregateFunction(uniq, String)) engine = MergeTree order by ()"
        " comment 'all'"
    )
    written = ", ".join(text for text, _, _ in VALUES.values())
    client.command(f"insert into {database}.t ({', '.join(names)}) select {written}")
    with opened(type="clickhouse", dsn=clickhouse_dsn, schemas=(database,)) as source:
        (table,) = source.tables()
        assert (table.schema, table.name, table.rows, table.description) == (database, "t", 1, "all")
        assert list(types_of(source, "t").values()) == [kind for _, kind, _ in VALUES.values()]
        (row,) = rows_of(source, "t")
        assert list(row.values()) == [value for _, _, value in VALUES.values()]


def test_values_without_a_place_are_told(clickhouse_dsn: str, database: str) -> None:
    client = clickhouse_client(clickhouse_dsn)
    client.command(f"create table {database}.t (s String, t DateTime64(9, 'UTC')) engine = Memory")
    client.command(
        f"insert into {database}.t select unhex('FF'), toDateTime64('2024-01-01 00:00:00.000000001', 9, 'UTC')"
    )
    with opened(type="clickhouse", dsn=clickhouse_dsn, schemas=(database,)) as source:
        (table,) = source.tables()
        for column in table.columns:
            with pytest.raises(SourceError) as caught, source.scan(table, (column,)) as stream:
                list(stream)
            assert caught.value.problems[0].code == "bad-value", column.name


def test_many_rows_come_in_batches(clickhouse_dsn: str, database: str) -> None:
    client = clickhouse_client(clickhouse_dsn)
    client.command(f"create table {database}.t (n UInt32) engine = MergeTree order by n")
    client.command(f"insert into {database}.t select number from numbers(300000)")
    with opened(type="clickhouse", dsn=clickhouse_dsn, schemas=(database,)) as source:
        (table,) = source.tables()
        assert table.rows == 300_000
        with source.scan(table, table.columns) as stream:
            sizes = [batch.num_rows for batch in stream]
        assert sum(sizes) == 300_000
        assert len(sizes) > 1
        assert source.expected_rows(table, '"n" < 10') == 10
        start, end = 0, 1
        assert source.mark(table) == source.mark(table, "n", start, end)  # no column of time


def test_the_mark_of_a_stretch_is_that_of_its_rows(clickhouse_dsn: str, database: str) -> None:
    client = clickhouse_client(clickhouse_dsn)
    client.command(f"create table {database}.t (at DateTime('UTC'), n Nullable(Int32)) engine = MergeTree order by at")
    client.command(f"insert into {database}.t values ('2024-01-01 00:00:00', 1), ('2024-03-01 00:00:00', null)")
    january, march = ((us, us + 86_400_000_000) for us in (1_704_067_200_000_000, 1_709_251_200_000_000))
    with opened(type="clickhouse", dsn=clickhouse_dsn, schemas=(database,)) as source:
        (table,) = source.tables()
        before = [source.mark(table, "at", *stretch) for stretch in (january, march)]
        client.command(f"insert into {database}.t values ('2024-03-01 10:00:00', 3)")
        client.command(f"optimize table {database}.t final")
        after = [source.mark(table, "at", *stretch) for stretch in (january, march)]
        assert [one == other for one, other in zip(before, after, strict=True)] == [True, False]


def test_statements_may_not_write(clickhouse_dsn: str, database: str) -> None:
    client = clickhouse_client(clickhouse_dsn)
    client.command(f"create table {database}.t (n Int32) engine = Memory")
    with opened(type="clickhouse", dsn=clickhouse_dsn, schemas=(database,)) as source:
        (table,) = source.tables()
        for sql in (f"INSERT INTO {database}.t SELECT 1", f"DROP TABLE {database}.t", f"TRUNCATE TABLE {database}.t"):
            with pytest.raises(LapwingError), source.read(sql, table.columns) as stream:
                list(stream)
        assert rows_of(source, "t") == []


def test_one_that_does_not_answer() -> None:
    dsn = f"clickhouse://me:hunter2@127.0.0.1:{free_port()}/x"
    with opened(type="clickhouse", dsn=dsn) as source, pytest.raises(SourceError) as caught:
        source.tables()
    assert caught.value.problems[0].code == "source-unreachable"
    assert "hunter2" not in str(caught.value)


def test_a_connection_that_breaks_amid_the_rows(clickhouse_dsn: str, database: str) -> None:
    clickhouse_client(clickhouse_dsn).command(
        f"CREATE VIEW {database}.wide AS SELECT number AS n, repeat('x', 1000) AS t FROM numbers(1000000)"
    )
    with proxied(clickhouse_dsn) as (proxy, dsn), opened(type="clickhouse", dsn=dsn, schemas=(database,)) as source:
        table = table_of(source, "wide")
        proxy.cut_after = 1_000_000
        with source.scan(table, table.columns) as stream, pytest.raises(Passing) as caught:
            list(stream)
        assert caught.value.problems[0].code == "source-unreachable"
        assert caught.value.problems[0].message == "s does not answer: the connection broke (connection reset by peer)."


def test_what_runs_ends_with_the_process_that_asked(clickhouse_dsn: str, database: str) -> None:
    client = clickhouse_client(clickhouse_dsn)
    client.command(
        f"CREATE VIEW {database}.endless AS SELECT count() AS n FROM numbers(1000000000000) WHERE sipHash64(number) = 1"
    )
    running = (
        f"SELECT count() FROM system.processes WHERE query LIKE '%{database}%endless%' AND query NOT LIKE '%processes%'"
    )
    with proxied(clickhouse_dsn) as (proxy, dsn), opened(type="clickhouse", dsn=dsn, schemas=(database,)) as source:
        table = table_of(source, "endless")
        with source.scan(table, table.columns) as stream:
            while not client.command(running):
                time.sleep(0.02)
            proxy.refuse()  # its connections are reset, as the machine does of one that is killed
            with pytest.raises(SourceError):
                list(stream)
            while client.command(running):
                time.sleep(0.02)


def test_addresses() -> None:
    known = parameters("clickhouse://me:a%40b@host/sales?secure=true&verify=false")
    assert known["port"] == 8443
    assert (known["interface"], known["username"], known["password"], known["verify"]) == ("https", "me", "a@b", False)
    assert parameters("clickhouse://host")["database"] == "default"
    with pytest.raises(SourceError, match="verify"):
        parameters("clickhouse://host/x?verfy=false")
    with pytest.raises(SourceError, match="port"):
        parameters("clickhouse://host:many/x")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Code: 516. DB::Exception: me: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)", "wrong-password"),
        ("Code: 497. DB::Exception: me: Not enough privileges. (ACCESS_DENIED)", "not-permitted"),
        ("Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED)", "source-stopped"),
        ("Code: 62. DB::Exception: Syntax error. (SYNTAX_ERROR)", "source-refused"),
    ],
)  # fmt: skip
def test_what_servers_say(said: str, code: str) -> None:
    """The double knows no users, so these words are those of a server's documentation."""
    assert explain("s", None, Exception(said)).problems[0].code == code
