"""MariaDB's own: types that others have not, collations, zones, marks, and what it says when it can't be reached."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from tests.services.base import free_port
from tests.sources.worlds import mariadb_connection, mariadb_database

from lapwing.model.problem import SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Column, Table
from lapwing.sources.mariadb import MariaDBSource
from lapwing.sources.mariadb_session import parameters

# Column -> (its type there, its type here, what is written, what is read).
TYPES: dict[str, tuple[str, str, str, object]] = {
    "tiny": ("tinyint", "TINYINT", "-128", -128),
    "flag": ("tinyint(1)", "BOOLEAN", "1", True),
    "level": ("tinyint(1)", "TINYINT", "5", 5),
    "byte": ("tinyint unsigned", "UTINYINT", "255", 255),
    "medium": ("mediumint unsigned", "UINTEGER", "16777215", 16777215),
    "padded": ("int(8) zerofill", "UINTEGER", "42", 42),
    "large": ("bigint unsigned", "UBIGINT", "18446744073709551615", 18446744073709551615),
    "bits": ("bit(64)", "UBIGINT", "b'1111111111111111111111111111111111111111111111111111111111111111'", 2**64 - 1),
    "bit1": ("bit(1)", "BOOLEAN", "b'1'", True),
    "single": ("float", "FLOAT", "16777217", 16777216.0),
    "tenth": ("double", "DOUBLE", "0.30000000000000004", 0.30000000000000004),
    "exact": ("decimal(38,10)", "DECIMAL(38,10)", "1234567890123456789012345678.0123456789", None),
    "wider": ("decimal(65,30)", "VARCHAR", "1.5", "1.500000000000000000000000000000"),
    "born": ("year", "SMALLINT", "2013", 2013),
    "day": ("date", "DATE", "'1000-01-01'", date(1000, 1, 1)),
    "zero": ("date", "VARCHAR", "'0000-00-00'", "0000-00-00"),
    "month": ("date", "VARCHAR", "'2013-02-00'", "2013-02-00"),
    "never": ("datetime", "VARCHAR", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
    "at": ("datetime(6)", "TIMESTAMP", "'9999-12-31 23:59:59.999999'", datetime(9999, 12, 31, 23, 59, 59, 999_999)),
    "moment": (
        "timestamp(3) null",
        "TIMESTAMP WITH TIME ZONE",
        "'2013-11-03 05:30:00.125'",
        datetime(2013, 11, 3, 5, 30, 0, 125_000, tzinfo=UTC),
    ),
    "length": ("time(6)", "VARCHAR", "'-838:59:59.000001'", "-838:59:59.000001"),
    "size": ("enum('small', 'large')", "VARCHAR", "'large'", "large"),
    "some": ("set('a', 'b')", "VARCHAR", "'a,b'", "a,b"),
    "doc": ("json", "VARCHAR", """'{"a": "ü"}'""", '{"a": "ü"}'),
    "uuid": ("uuid", "VARCHAR", "'123e4567-e89b-12d3-a456-426655440000'", "123e4567-e89b-12d3-a456-426655440000"),
    "fixed": ("char(5)", "VARCHAR", "'ab '", "ab"),
    "western": ("varchar(9) character set latin1", "VARCHAR", "'Grüße'", "Grüße"),
    "bird": ("longtext", "VARCHAR", "'🐦 a\\b'", "🐦 a\\b"),
    "raw": ("varbinary(4)", "BLOB", "x'00ff27'", b"\x00\xff'"),
}


@pytest.fixture
def dsn(mariadb_dsn: str) -> str:
    return mariadb_database(mariadb_dsn)


@pytest.fixture
def source(dsn: str) -> Iterator[MariaDBSource]:
    made = MariaDBSource(SourceConfig(name="m", type="mariadb", dsn=dsn))
    yield made
    made.close()


def run(dsn: str, *statements: str) -> None:
    with mariadb_connection(dsn) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def table(source: MariaDBSource, name: str) -> Table:
    return next(one for one in source.tables() if one.name == name)


def read(source: MariaDBSource, of: Table) -> list[dict[str, object]]:
    with source.read(source.scan_sql(of, of.columns), of.columns) as stream:
        return [row for batch in stream for row in batch.to_pylist()]


def test_no_type_loses_anything(dsn: str, source: MariaDBSource) -> None:
    columns = ", ".join(f'"{name}" {kind}' for name, (kind, *_) in TYPES.items())
    values = ", ".join(written for *_, written, _ in TYPES.values())
    run(
        dsn, f"create table kinds ({columns})", f"insert into kinds values ({values})", "insert into kinds () values ()"
    )
    kinds = table(source, "kinds")
    assert {column.name: column.type for column in kinds.columns} == {name: of[1] for name, of in TYPES.items()}
    wanted = {name: of[3] for name, of in TYPES.items()}
    wanted["exact"] = Decimal("1234567890123456789012345678.0123456789")
    full, empty = sorted(read(source, kinds), key=lambda row: row["tiny"] is None)
    assert full == wanted
    assert set(empty.values()) == {None}


def test_a_value_that_no_longer_fits_is_told(dsn: str, source: MariaDBSource) -> None:
    run(dsn, "create table t (flag boolean, day date)", "insert into t values (1, '2013-01-01')")
    of = table(source, "t")
    run(dsn, "insert into t values (7, '2013-01-02')")
    with pytest.raises(SourceError, match="flag that is no BOOLEAN") as caught:
        read(source, of)
    assert caught.value.problems[0].code == "bad-value"


def test_many_rows_come_in_batches(dsn: str, source: MariaDBSource) -> None:
    run(dsn, "create table many select seq as id, repeat('x', 100) as filler from seq_1_to_30000")
    of = table(source, "many")
    with source.read(source.scan_sql(of, of.columns), of.columns) as stream:
        sizes = [batch.num_rows for batch in stream]
    assert sum(sizes) == 30_000
    assert max(sizes) <= 8_192


def test_views_are_tables_and_other_databases_are_named(dsn: str, source: MariaDBSource, mariadb_dsn: str) -> None:
    other = mariadb_database(mariadb_dsn)
    run(dsn, "create table t (a int) comment 'some rows'", "create view v as select a + 1 as b from t")
    run(other, "create table u (a int)", "insert into u values (3)")
    assert {one.path: one.description for one in source.tables()} == {"m.t": "some rows", "m.v": ""}
    name = other.rpartition("/")[2]
    both = MariaDBSource(SourceConfig(name="m", type="mariadb", dsn=dsn, schemas=(name,)))
    assert [one.path for one in both.tables()] == [f"m.{name}.u"]
    assert read(both, both.tables()[0]) == [{"a": 3}]
    both.close()


def test_marks_are_of_a_stretch_of_time(dsn: str, source: MariaDBSource) -> None:
    run(
        dsn,
        "create table t (at datetime, price float, note text)",
        "insert into t values ('2013-01-05', 1, null), ('2013-06-05', 2, 'x'), ('2013-06-06', 2, '')",
    )
    of = table(source, "t")
    january = (1356998400000000, 1359676800000000)
    june = (1370044800000000, 1372636800000000)
    before = [source.mark(of, "at", *stretch) for stretch in (january, june)]
    run(dsn, "update t set note = '' where note = 'x'")  # as many rows as before
    after = [source.mark(of, "at", *stretch) for stretch in (january, june)]
    assert after[0] == before[0]
    assert after[1] != before[1]
    run(dsn, "update t set note = null where at = '2013-06-06'")
    assert source.mark(of, "at", *june) != after[1]
    assert source.mark(of, "at", *january) == before[0]


def test_a_connection_that_the_server_ended_is_replaced(dsn: str, source: MariaDBSource) -> None:
    run(dsn, "create table t (a int)", "insert into t values (1)")
    of = table(source, "t")
    assert read(source, of) == [{"a": 1}]
    with mariadb_connection(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select id from information_schema.processlist where command = 'Sleep' and db = database()")
        for (number,) in cursor.fetchall():
            cursor.execute(f"kill {number}")
    assert read(source, of) == [{"a": 1}]


def problem(dsn: str) -> tuple[str, str]:
    """The code and text with which `tables` fails; reading fails with the same."""
    source = MariaDBSource(SourceConfig(name="m", type="mariadb", dsn=dsn))
    with pytest.raises(SourceError) as caught:
        source.tables()
    with pytest.raises(SourceError) as reading, source.read("select 1 as x", (Column("x", "INTEGER"),)) as stream:
        list(stream)
    assert reading.value.problems[0].code == caught.value.problems[0].code
    assert caught.value.problems[0].hint
    return caught.value.problems[0].code, str(caught.value)


def test_nobody_listens(mariadb_dsn: str) -> None:
    port = urlsplit(mariadb_dsn).port
    code, text = problem(mariadb_dsn.replace(f":{port}/", f":{free_port()}/"))
    assert code == "source-unreachable"
    assert "never-shown" not in text


def test_no_such_host_or_database(mariadb_dsn: str) -> None:
    assert problem("mysql://a:hush-hush@no-such-host.invalid/b")[0] == "source-unreachable"
    code, text = problem(mariadb_dsn.rpartition("/")[0] + "/nowhere")
    assert code == "source-unreachable"
    assert "'nowhere'" in text


def test_wrong_password(mariadb_dsn: str) -> None:
    address = urlsplit(mariadb_dsn)
    code, text = problem(mariadb_dsn.replace(f":{address.password}@", ":hush-hush@"))
    assert code == "wrong-password"
    assert "hush-hush" not in text


def test_what_may_not_be_read(dsn: str, source: MariaDBSource) -> None:
    run(dsn, "create table open (a int)", "create table closed (a int)")
    name, address = dsn.rpartition("/")[2], urlsplit(dsn)
    run(
        dsn,
        f"create or replace user reader_{name}@'%' identified by 'p'",
        f"grant select on {name}.open to reader_{name}@'%'",
    )
    limited = dsn.replace(f"{address.username}:{address.password}@", f"reader_{name}:p@")
    reader = MariaDBSource(SourceConfig(name="m", type="mariadb", dsn=limited))
    assert [one.name for one in reader.tables()] == ["open"]
    with pytest.raises(SourceError) as caught, reader.read("select a from closed", (Column("a", "INTEGER"),)) as stream:
        list(stream)
    assert caught.value.problems[0].code == "not-permitted"
    reader.close()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("mysql://u:hush-hush@h:port/d", "port"),
        ("mysql://u:hush-hush@h/d?ssl-mod=REQUIRED", "ssl-mod is no option"),
        ("mysql://u:hush-hush@h/d?ssl-mode=sure", "SURE is no ssl-mode"),
        ("mysql://u:hush-hush@h/d?ssl-ca=/not/there.pem", "can't be read"),
    ],
)
def test_addresses_that_are_none(wrong: str, says: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        parameters(wrong)
    assert caught.value.problems[0].code == "bad-dsn"
    assert "hush-hush" not in str(caught.value)


def test_addresses() -> None:
    plain = parameters("mysql://some%40one:p%2Fw@db.example.com/shop")
    assert (plain["user"], plain["password"], plain["port"], plain["database"]) == ("some@one", "p/w", 3306, "shop")
    assert plain["ssl_disabled"]
    checked = parameters("mariadb://u@h:3307/d?ssl_mode=verify_identity")["ssl"]
    assert checked.check_hostname
    unchecked = parameters("mariadb://u@h:3307/d?ssl-mode=REQUIRED")["ssl"]
    assert (unchecked.check_hostname, unchecked.verify_mode) == (False, ssl.CERT_NONE)


def test_a_server_without_encryption_is_not_asked_without(mariadb_dsn: str) -> None:
    """Whoever asks for encryption never gets none in silence."""
    source = MariaDBSource(SourceConfig(name="m", type="mariadb", dsn=f"{mariadb_dsn}?ssl-mode=VERIFY_IDENTITY"))
    with pytest.raises(SourceError) as caught:
        source.tables()
    assert caught.value.problems[0].code == "source-unreachable"
