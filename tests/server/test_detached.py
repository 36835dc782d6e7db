"""Statements that are submitted: they run on alone, and their rows are fetched later."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pytest
import requests
from pyarrow import parquet
from tests.server.test_sql_route import FOREVER, state, until
from tests.shop import ORDERS, Server


def submit(server: Server, text: str, **more: Any) -> str:
    answer = requests.post(f"{server.address}/api/queries", json={"text": text, **more}, timeout=30)
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert answer.headers["location"] == f"/api/queries/{found['id']}"
    return str(found["id"])


def rows(server: Server, query: str, accept: str = "application/json", **more: Any) -> requests.Response:
    address = f"{server.address}/api/queries/{query}/rows"
    return requests.get(address, params=more, headers={"accept": accept}, timeout=30)


def test_rows_are_fetched_in_pages(server: Server) -> None:
    query = submit(server, 'select "at", shop, amount from files.orders order by 1', priority="batch")
    assert until(server.address, query, "done")["rows"] == ORDERS
    found: list[list[Any]] = []
    at, pages = 0, 0
    while at is not None:
        page = rows(server, query, offset=at, limit=100).json()
        assert (page["query_id"], page["total"], page["offset"]) == (query, ORDERS, at)
        found, at, pages = found + page["rows"], page["next"], pages + 1
    assert (len(found), pages) == (ORDERS, 3)
    assert found[0] == ["2024-01-01T06:00:00", "a", -1.5]
    assert [one["name"] for one in page["columns"]] == ["at", "shop", "amount"]
    assert rows(server, query, offset=ORDERS).json()["rows"] == []
    told = state(server.address, query)
    assert [piece["name"] for piece in told["receipt"]["pieces"]] == ["files.orders"]
    assert [scan["table"] for scan in told["plan"]["scans"]] == ["files.orders"]


@pytest.mark.parametrize("count", [0, 3_000])
def test_rows_are_fetched_as_files(server: Server, count: int) -> None:
    query = submit(server, f"select i, 'x' || i as s from range({count}) t(i)")
    until(server.address, query, "done")
    arrow = rows(server, query, "application/vnd.apache.arrow.stream")
    with pa.ipc.open_stream(arrow.content) as stream:
        told = stream.read_all()
    assert (told.num_rows, told.schema.names) == (count, ["i", "s"])
    assert parquet.read_table(io.BytesIO(rows(server, query, "application/vnd.apache.parquet").content)).equals(told)
    assert rows(server, query, "text/csv").text.count("\n") == count + 1


def test_one_that_runs_has_no_rows_yet_and_is_cancelled(server: Server) -> None:
    query = submit(server, FOREVER, query_id="detached-forever")
    assert query == "detached-forever"
    found = rows(server, query)
    assert (found.status_code, found.json()["code"]) == (409, "still-running")
    requests.delete(f"{server.address}/api/queries/{query}", timeout=30)
    assert until(server.address, query, "cancelled")["code"] == "cancelled"
    told = rows(server, query)
    assert told.json()["code"] == "cancelled"
    again = requests.post(f"{server.address}/api/queries", json={"text": "select 1", "query_id": query}, timeout=30)
    assert (again.status_code, again.json()["code"]) == (409, "query-exists")


def test_what_is_wrong_is_told_to_who_comes_back(server: Server) -> None:
    query = submit(server, "select nope from files.orders")
    until(server.address, query, "failed")
    found = rows(server, query).json()
    assert (found["code"], found["problems"][0]["place"]["column"]) == ("unknown-column", 8)
    limited = submit(server, "select * from files.orders", maximum_rows=10)
    until(server.address, limited, "failed")
    assert rows(server, limited).json()["code"] == "result-too-large"
    nobody = rows(server, "nobody")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown-query")
    assert rows(server, "..").status_code == 404


def test_the_end_is_told_as_an_event(server: Server) -> None:
    query = submit(server, "select count(*) from files.orders")
    events = requests.get(f"{server.address}/api/queries/{query}/events", timeout=30).text
    assert "event: end" in events
    assert rows(server, query).json()["rows"] == [[ORDERS]]
