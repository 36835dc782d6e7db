"""What is particular to Trino: its types, statistics, addresses, who may ask, and that a cluster is told to stop."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import pyarrow as pa
import pytest
from tests.services.trino import Trino
from tests.sources.worlds import LONG, trino_rows

from lapwing.model.problem import Cancelled, LapwingError, SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Column, Table
from lapwing.sources.trino import TrinoSource
from lapwing.sources.trino_session import address_of

KINDS = {
    "tiny": ("tinyint '-128'", "TINYINT", -128),
    "small": ("smallint '32767'", "SMALLINT", 32767),
    "whole": ("integer '-2147483648'", "INTEGER", -(2**31)),
    "large": ("bigint '-9223372036854775808'", "BIGINT", -(2**63)),
    "short": ("real '0.1'", "FLOAT", 0.10000000149011612),
    "double": ("double '0.30000000000000004'", "DOUBLE", 0.30000000000000004),
    "infinite": ("-infinity()", "DOUBLE", -math.inf),
    "money": ("decimal '-12.50'", "DECIMAL(4,2)", Decimal("-12.50")),
    "wide": (
        "decimal '12345678901234567890123456789.123456789'",
        "DECIMAL(38,9)",
        Decimal("12345678901234567890123456789.123456789"),
    ),
    "words": ("cast('Grüße' as varchar(9))", "VARCHAR", "Grüße"),
    "padded": ("cast('ab' as char(5))", "VARCHAR", "ab"),
    "bytes": ("x'00ff10'", "BLOB", b"\x00\xff\x10"),
    "day": ("date '0001-01-01'", "DATE", dt.date(1, 1, 1)),
    "hour": ("time '23:59:59.123'", "TIME", dt.time(23, 59, 59, 123_000)),
    "second": ("timestamp '2020-02-29 12:00:00'", "TIMESTAMP", dt.datetime(2020, 2, 29, 12)),
    "micro": ("timestamp '1969-12-31 23:59:59.999999'", "TIMESTAMP", dt.datetime(1969, 12, 31, 23, 59, 59, 999_999)),
    "nano": ("timestamp '2020-02-29 12:00:00.123456789'", "VARCHAR", "2020-02-29 12:00:00.123456789"),
    "zoned": (
        "timestamp '2013-11-03 01:30:00.5 America/New_York'",
        "TIMESTAMP WITH TIME ZONE",
        dt.datetime(2013, 11, 3, 5, 30, 0, 500_000, tzinfo=dt.UTC),
    ),
    "between": ("interval '2' day + interval '3' second", "VARCHAR", "2 00:00:03.000"),
    "document": ("json '{\"a\": [1, null]}'", "VARCHAR", '{"a":[1,null]}'),
    "id": (
        "uuid '12151fd2-7586-11e9-8f9e-2a86e4085a59'",
        "VARCHAR",
        "12151fd2-7586-11e9-8f9e-2a86e4085a59",
    ),
    "many": ("array[1.50, null]", "VARCHAR", "[1.50,null]"),
    "named": ("map(array['k'], array[true])", "VARCHAR", '{"k":true}'),
    "record": ("cast(row(1, 'x') as row(a bigint, b varchar))", "VARCHAR", '{"a":1,"b":"x"}'),
}


@pytest.fixture(scope="module")
def schema(trino_server: Trino) -> str:
    server = trino_server.dsn("memory", "kinds")
    trino_rows(server, "create schema memory.kinds")
    values = ", ".join(f'{sql} as "{name}"' for name, (sql, _, _) in KINDS.items())
    trino_rows(server, f"create table memory.kinds.every as select {values}")
    trino_rows(server, "create table memory.kinds.bytes as select array[x'00'] as many, 1 as n")
    trino_rows(server, "create table memory.kinds.special as select * from (values nan(), infinity(), null) t(f)")
    return server


@pytest.fixture
def opened() -> Iterator[Callable[..., TrinoSource]]:
    sources: list[TrinoSource] = []

    def make(dsn: str, **more: object) -> TrinoSource:
        sources.append(TrinoSource(SourceConfig(name="s", type="trino", dsn=dsn, **more)))  # type: ignore[arg-type]
        return sources[-1]

    yield make
    for one in sources:
        one.close()


def table(source: TrinoSource, name: str) -> Table:
    return next(one for one in source.tables() if one.name == name)


def read(source: TrinoSource, name: str, *columns: str) -> pa.Table:
    wanted = tuple(one for one in table(source, name).columns if not columns or one.name in columns)
    with source.scan(table(source, name), wanted) as stream:
        return pa.Table.from_batches(list(stream), stream.schema)


def test_every_type_arrives_exactly(schema: str, opened: Callable[..., TrinoSource]) -> None:
    source = opened(schema)
    assert {one.name: one.type for one in table(source, "every").columns} == {
        name: kind for name, (_, kind, _) in KINDS.items()
    }
    (row,) = read(source, "every").to_pylist()
    assert row == {name: value for name, (_, _, value) in KINDS.items()}
    exact = {one.name for one in table(source, "every").columns if one.type == "VARCHAR" and one.exact_text}
    assert exact == {"words"}


def test_what_is_no_number(schema: str, opened: Callable[..., TrinoSource]) -> None:
    values = read(opened(schema), "special").column(0).to_pylist()
    assert sorted(map(str, values)) == ["None", "inf", "nan"]


def test_a_type_that_can_t_be_read_hurts_only_who_asks_for_it(schema: str, opened: Callable[..., TrinoSource]) -> None:
    source = opened(schema)
    assert read(source, "bytes", "n").num_rows == 1
    with pytest.raises(SourceError, match="Cannot cast array"):
        read(source, "bytes", "many")


def test_statistics(trino_server: Trino, opened: Callable[..., TrinoSource]) -> None:
    source = opened(trino_server.dsn("tpch", "tiny"))
    orders = table(source, "orders")
    assert (orders.rows, orders.path) == (15_000, "s.orders")
    assert {one.name: one.distinct for one in orders.columns}["o_custkey"] == 1000


def test_schemas_of_a_catalog(trino_server: Trino, opened: Callable[..., TrinoSource]) -> None:
    source = opened(trino_server.dsn("tpch"), schemas=("tiny", "sf1"))
    assert {one.schema for one in source.tables()} == {"tiny", "sf1"}
    assert len(source.tables()) == 16


def test_rows_come_before_all_are_made(trino_server: Trino, opened: Callable[..., TrinoSource]) -> None:
    """A large read is taken a page at a time, and what is left is not made."""
    source = opened(trino_server.dsn("tpch", "tiny"))
    columns = (Column("l_orderkey", "BIGINT"), Column("l_comment", "VARCHAR"))
    with source.read("SELECT l_orderkey, l_comment FROM tpch.sf1.lineitem", columns, time_limit=60) as stream:
        first = next(iter(stream))
    assert first.num_rows
    assert _ended(trino_server, "lineitem") == "USER_CANCELED"


def test_a_cancel_reaches_the_cluster(trino_server: Trino, opened: Callable[..., TrinoSource]) -> None:
    source = opened(trino_server.dsn("tpch", "tiny"))
    sql = LONG["trino"].replace("count(*) AS id", "count(*) AS cancelled_here")
    with source.read(sql, (Column("cancelled_here", "BIGINT"),), time_limit=60) as stream:
        while not trino_server.ask(f"SELECT 1 FROM system.runtime.queries WHERE query = '{sql}' AND state = 'RUNNING'"):
            time.sleep(0.02)
        stream.cancel()
        with pytest.raises(Cancelled):
            list(stream)
    assert _ended(trino_server, "cancelled_here") == "USER_CANCELED"


def _ended(server: Trino, part: str) -> str:
    """The code with which the last statement with this text ended, once it has."""
    sql = (
        "SELECT error_code FROM system.runtime.queries "
        f"WHERE source = 'lapwing' AND query LIKE '%{part}%' AND query NOT LIKE 'SHOW%' AND state IN ('FAILED', 'FINISHED') "
        "ORDER BY created DESC LIMIT 1"
    )
    while not (found := server.ask(sql)):
        time.sleep(0.02)
    return str(found[0][0])


def test_properties_of_the_session(trino_server: Trino, opened: Callable[..., TrinoSource]) -> None:
    source = opened(
        trino_server.dsn("tpch", "tiny"), session={"query_max_scan_physical_bytes": "1B", "unknown_one": "1"}
    )
    with pytest.raises(SourceError, match="unknown_one"):
        source.tables()


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("trino://me@host:8080", "no catalog"),
        ("trino://me:secret@host:8080/c?http_scheme=http", "without encryption"),
        ("trino://me@host/c?http_scheme=http&access_token=secret", "without encryption"),
        ("trino://me@host:70000/c", "port or host"),
        ("trino://me@host/c?verfy=false", "verfy is no option"),
        ("trino://me@host/c?http_scheme=ftp", "ftp is no http_scheme"),
    ],
)
def test_wrong_addresses(dsn: str, says: str, opened: Callable[..., TrinoSource]) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        opened(dsn).tables()
    assert "secret" not in str(caught.value)


def test_addresses() -> None:
    plain = address_of("trino://me@host/c")
    assert (plain.scheme, plain.host, plain.port, plain.user, plain.schema) == ("http", "host", 8080, "me", None)
    safe = address_of("trino://me:p%40ss@host/c/s?verify=/etc/ca.pem")
    assert (safe.scheme, safe.port, safe.password, safe.verify) == ("https", 443, "p@ss", "/etc/ca.pem")
    token = address_of("trino://me@host:8443/c?access_token=abc&verify=false")
    assert (token.scheme, token.token, token.verify) == ("https", "abc", False)
    assert "abc" not in repr(token)
    assert "p@ss" not in repr(safe)


def test_nobody_there(opened: Callable[..., TrinoSource]) -> None:
    with pytest.raises(SourceError, match=r"there is no way to 127.0.0.1:1 \(connection refused\)") as caught:
        opened("trino://me@127.0.0.1:1/memory").tables()
    assert caught.value.problems[0].code == "source-unreachable"


def test_no_such_catalog(trino_server: Trino, opened: Callable[..., TrinoSource]) -> None:
    with pytest.raises(LapwingError, match="s has no such catalog: Catalog 'nothing_here' not found") as caught:
        opened(trino_server.dsn("nothing_here")).tables()
    assert caught.value.problems[0].code == "unknown-catalog"
