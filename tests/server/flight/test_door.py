"""Flight SQL by its real clients: ADBC's driver and pyarrow's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pyarrow.flight as fl
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.server.certificate import certificate
from tests.services.base import free_port
from tests.shop import ORDERS, serving

from lapwing import __version__
from lapwing.model.problem import WrongUse
from lapwing.server.flight.message import packed, unpacked, write
from lapwing.server.flight.statement import Statement

TOKEN = "a-long-secret"
ENDLESS = "select i from range(1000000000000) numbers(i)"


def _drain(reader: fl.FlightStreamReader) -> None:
    while True:
        reader.read_chunk()


@pytest.fixture(scope="module", name="doors")
def _doors(shop: Path) -> Iterator[tuple[str, str]]:
    port = free_port()
    with serving(shop, "--flight", str(port), "--token", TOKEN) as server:
        yield server.address, f"grpc://127.0.0.1:{port}"


@pytest.fixture(scope="module", name="con")
def _con(doors: tuple[str, str]) -> Iterator[adbc.Connection]:
    with adbc.connect(doors[1], db_kwargs={"username": "me", "password": TOKEN}, autocommit=True) as con:
        yield con


def test_a_query(con: adbc.Connection) -> None:
    with con.cursor() as cursor:
        cursor.execute("select shop, count(*) as n from files.orders group by 1 order by 1")
        assert cursor.fetch_arrow_table().to_pydict() == {"shop": ["a", "b", "c"], "n": [ORDERS // 3] * 3}
        cursor.execute("select measure(orders) as n from metrics.orders where shop = ?", ("a",))
        assert cursor.fetchall() == [(ORDERS // 3,)]
        cursor.execute("select ? as a, ? as b", ("it's", 7))
        assert cursor.fetchall() == [("it's", 7)]


def test_the_catalog(con: adbc.Connection) -> None:
    found = con.adbc_get_objects(depth="columns", catalog_filter="files").read_all().to_pylist()
    (schema,) = found[0]["catalog_db_schemas"]
    assert [table["table_name"] for table in schema["db_schema_tables"]] == ["orders"]
    names = [column["column_name"] for column in schema["db_schema_tables"][0]["table_columns"]]
    assert names == ["at", "shop", "town", "amount"]
    assert con.adbc_get_table_types() == ["TABLE", "VIEW"]
    (metrics,) = con.adbc_get_objects(depth="columns", catalog_filter="metrics").read_all().to_pylist()
    (views,) = (schema["db_schema_tables"] for schema in metrics["catalog_db_schemas"])
    assert [(one["table_name"], one["table_type"]) for one in views] == [("orders", "VIEW")]
    names = [column["column_name"] for column in views[0]["table_columns"]]
    assert names == ["at", "shop", "town", "country", "orders", "amount", "returned", "return_rate"]


def test_parameters_have_types(con: adbc.Connection) -> None:
    with con.cursor() as cursor:
        cursor.adbc_prepare("select * from files.orders where shop = ? and amount > ? limit ?")
        statement = cursor.adbc_statement
        assert statement is not None
        schema = pa.schema(pa.DataType._import_from_c_capsule(statement.get_parameter_schema().__arrow_c_schema__()))
    assert [str(field.type) for field in schema] == ["string", "double", "int64"]


def test_what_it_is(con: adbc.Connection) -> None:
    told = con.adbc_get_info()
    assert told["vendor_name"] == "Lapwing"
    assert told["vendor_version"] == __version__


@pytest.mark.parametrize(
    ("text", "code"),
    [("selec 1", "syntax"), ("create table t (a int)", "not-a-query"), ("from files.x", "unknown-table")],
)
def test_errors_have_their_code(text: str, code: str, con: adbc.Connection) -> None:
    with con.cursor() as cursor, pytest.raises(adbc.Error, match=f"{code}: "):
        cursor.execute(text)


def test_a_token_is_needed(doors: tuple[str, str]) -> None:
    with pytest.raises(fl.FlightUnauthenticatedError, match="token-needed"), fl.connect(doors[1]) as client:
        list(client.list_actions())


def test_any_door_cancels(doors: tuple[str, str]) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    options = fl.FlightCallOptions(headers=[(b"authorization", f"Bearer {TOKEN}".encode())])
    with fl.connect(doors[1]) as client:
        command = packed("CommandStatementQuery", {1: ENDLESS.encode()})
        info = client.get_flight_info(fl.FlightDescriptor.for_command(command), options)
        reader = client.do_get(info.endpoints[0].ticket, options)
        reader.read_chunk()
        listed = requests.get(f"{doors[0]}/api/queries", headers=headers, timeout=10).json()["queries"]
        assert [one["state"] for one in listed if one["text"] == ENDLESS] == ["running"]
        action = fl.Action("CancelFlightInfo", write({1: info.serialize()}))
        assert [one.body.to_pybytes() for one in client.do_action(action, options)] == [write({1: 1})]
        with pytest.raises(fl.FlightCancelledError, match="cancelled"):
            _drain(reader)


def test_a_client_that_leaves_before_the_first_row_is_not_waited_for(doors: tuple[str, str]) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    bearer = [(b"authorization", f"Bearer {TOKEN}".encode())]
    text = "select count(*) as left_alone from range(1000000000000)"
    with fl.connect(doors[1]) as client:
        command = packed("CommandStatementQuery", {1: text.encode()})
        info = client.get_flight_info(fl.FlightDescriptor.for_command(command), fl.FlightCallOptions(headers=bearer))
        with pytest.raises(fl.FlightTimedOutError):
            _drain(client.do_get(info.endpoints[0].ticket, fl.FlightCallOptions(headers=bearer, timeout=0.5)))
    for _ in range(600):
        listed = requests.get(f"{doors[0]}/api/queries", headers=headers, timeout=10).json()["queries"]
        (state,) = [one["state"] for one in listed if one["text"] == text]
        if state != "running":
            break
        time.sleep(0.05)
    assert state == "cancelled"


@pytest.mark.long
def test_connections_are_encrypted(shop: Path, tmp_path: Path) -> None:
    port, (found, key) = free_port(), certificate(tmp_path)
    files = ("--postgres-certificate", str(found), "--postgres-key", str(key))
    with serving(shop, "--flight", str(port), "--token", TOKEN, *files) as server:
        address = f"grpc+tls://localhost:{port}"
        said = f"Clients of Arrow Flight SQL: grpc+tls://127.0.0.1:{port}"
        until = time.monotonic() + 30  # HTTP answers a moment before the doors are told of
        while said not in server.log.read_text() and time.monotonic() < until:
            time.sleep(0.05)
        assert said in server.log.read_text()
        options = {"username": "me", "password": TOKEN}
        roots = {"adbc.flight.sql.client_option.tls_root_certs": found.read_text()}
        with adbc.connect(address, db_kwargs=options | roots, autocommit=True) as con, con.cursor() as cursor:
            cursor.execute("select count(*) as n from range(100000)")
            assert cursor.fetchall() == [(100_000,)]
        with pytest.raises(adbc.Error, match="certificate"), adbc.connect(address, db_kwargs=options) as con:
            con.cursor().execute("select 1")


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_mangled_messages_are_refused(data: bytes) -> None:
    for read in (unpacked, Statement.of):
        try:
            read(data)
        except WrongUse as error:
            codes = {problem.code for problem in error.problems}
        else:
            codes = {"bad-message"}
        assert codes == {"bad-message"}


@settings(max_examples=50)
@given(st.text(), st.binary())
def test_handles_come_back(text: str, values: bytes) -> None:
    assert Statement.of(Statement("id", text, values).handle()) == Statement("id", text, values)


def test_a_kept_result_is_told_to_who_takes_it(doors: tuple[str, str]) -> None:
    wanted = {"username": "me", "password": TOKEN, "adbc.flight.sql.rpc.call_header.lapwing-max-age": "1h"}
    text = "select count(*) as n, 'kept' as how from files.orders"
    with adbc.connect(doors[1], db_kwargs=wanted, autocommit=True) as con, con.cursor() as cursor:
        for _ in range(2):
            cursor.execute(text)
            assert cursor.fetch_arrow_table().to_pydict() == {"n": [ORDERS], "how": ["kept"]}
    log = requests.get(f"{doors[0]}/api/results", headers={"authorization": f"Bearer {TOKEN}"}, timeout=10).json()
    assert text in [one["text"] for one in log["results"]]
    assert log["told"] == 1
