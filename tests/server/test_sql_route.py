"""POST /api/sql: rows stream, can be watched and cancelled, and stop when nobody reads them."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
import requests
from pyarrow import csv, parquet
from tests.server.mangled import run
from tests.shop import ORDERS, Server

from lapwing.server.services import STATEMENTS

FOREVER = "select count(*) from range(1000000000000)"
ENDLESS_ROWS = "select i from range(1000000000000) numbers(i)"
NDJSON = "application/x-ndjson"


def ask(url: str, text: str, accept: str = NDJSON, **more: Any) -> requests.Response:
    body = {"text": text, **more}
    return requests.post(f"{url}/api/sql", json=body, headers={"accept": accept}, stream=True, timeout=60)


def lines(answer: requests.Response) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in answer.iter_lines(chunk_size=1))


def state(url: str, query_id: str) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{url}/api/queries/{query_id}", timeout=10).json()
    return found


def until(url: str, query_id: str, wanted: str) -> dict[str, Any]:
    """Waits until the query is in that state."""
    for _ in range(600):
        found = state(url, query_id)
        if found.get("state") == wanted:
            return found
        time.sleep(0.05)
    raise AssertionError(f"still {found}")


def test_lines_are_columns_then_rows_then_the_receipt(url: str) -> None:
    answer = ask(url, "select \"at\", shop, amount from files.orders where town = 'Köln' order by 1 limit 2")
    assert answer.headers["content-type"] == NDJSON
    first, rows, last = lines(answer)
    assert [column["type"] for column in first["columns"]] == ["timestamp", "text", "float"]
    assert first["plan"]["scans"][0]["table"] == "files.orders"
    assert rows["rows"] == [["2024-01-01T06:00:00", "a", -1.5], ["2024-01-01T18:00:00", "c", 1.5]]
    assert last["done"]
    assert last["rows"] == 2
    assert last["receipt"]["pieces"][0]["name"] == "files.orders"
    assert first["query_id"] == last["receipt"]["id"] == answer.headers["lapwing-query-id"]
    assert state(url, first["query_id"])["state"] == "done"


@pytest.mark.parametrize("kind", ["text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"])
def test_every_format_holds_the_same_rows(kind: str, url: str) -> None:
    content = ask(url, "select shop, count(*) as n from files.orders group by 1 order by 1", kind).content
    read = {"text/csv": csv.read_csv, "application/vnd.apache.parquet": parquet.read_table}
    table = read.get(kind, lambda file: pa.ipc.open_stream(file).read_all())(io.BytesIO(content))
    assert table.to_pydict() == {"shop": ["a", "b", "c"], "n": [ORDERS // 3] * 3}


@pytest.mark.parametrize("kind", [NDJSON, "text/csv", "application/vnd.apache.arrow.stream"])
def test_first_rows_come_before_the_last_are_read(kind: str, url: str) -> None:
    with ask(url, ENDLESS_ROWS, kind, query_id=f"endless-{kind[-3:]}") as answer:
        got = b""
        for chunk in answer.iter_content(None):
            got += chunk
            if len(got) > 20_000:
                assert state(url, f"endless-{kind[-3:]}")["state"] == "running"
                break
    until(url, f"endless-{kind[-3:]}", "cancelled")


@pytest.mark.parametrize(
    ("rows", "limit", "sent", "truncated"),
    [
        *[(5, None, 5, False), (5, 6, 5, False), (5, 5, 5, False), (5, 4, 4, True), (5, 0, 0, True), (0, 0, 0, False)],
        *[(30_000, 2_000, 2_000, True), (30_000, 8_192, 8_192, True), (30_000, 30_000, 30_000, False)],
    ],
)
def test_a_limit_that_cut_the_rows_is_told(url: str, rows: int, limit: int | None, sent: int, truncated: bool) -> None:
    text = f"select i from range({rows}) numbers(i)"
    found = list(lines(ask(url, text, limit=limit, query_id=f"cut{rows}at{limit}")))
    assert sum(len(one["rows"]) for one in found[1:-1]) == sent
    assert (found[-1]["rows"], found[-1]["truncated"]) == (sent, truncated)
    assert state(url, f"cut{rows}at{limit}")["truncated"] is truncated


def test_a_limit_stops_the_statement(url: str) -> None:
    found = list(lines(ask(url, ENDLESS_ROWS, limit=3_000)))
    assert sum(len(line.get("rows", [])) for line in found[:-1]) == 3_000
    assert found[-1]["rows"] == 3_000


def test_progress_is_told_and_cancel_stops_it(url: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: list(lines(ask(url, FOREVER, query_id="watched"))))
        running = until(url, "watched", "running")
        assert running["text"] == FOREVER
        assert requests.delete(f"{url}/api/queries/watched", timeout=10).status_code == 200
        last = asked.result(30)[-1]
    assert last["problem"]["code"] == "cancelled"
    assert until(url, "watched", "cancelled")["milliseconds"] > 0
    assert requests.delete(f"{url}/api/queries/watched", timeout=10).json()["state"] == "cancelled"


def events(url: str, query_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a statement: what each is called, and its data."""
    with requests.get(f"{url}/api/queries/{query_id}/events", stream=True, timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in answer.iter_lines(chunk_size=1):
            field, _, value = line.decode().partition(": ")
            name = value if field == "event" else name
            if field == "data":
                yield name, json.loads(value)


def test_events_tell_a_statement_from_start_to_end(url: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: list(lines(ask(url, ENDLESS_ROWS, query_id="told", limit=20_000))))
        while requests.get(f"{url}/api/queries/told", timeout=10).status_code == 404:
            time.sleep(0.01)
        told = list(events(url, "told"))
        *_, done = asked.result(60)
    assert [name for name, _ in told] == ["progress"] * (len(told) - 1) + ["end"]
    rows = [state["rows"] for _, state in told]
    assert rows == sorted(rows)
    assert {state["state"] for _, state in told[:-1]} <= {"running"}
    assert (told[-1][1]["state"], rows[-1], done["rows"]) == ("done", 20_000, 20_000)


def test_events_of_one_that_ended_are_its_end(url: str) -> None:
    list(lines(ask(url, "select 1", query_id="over")))
    ((name, last),) = events(url, "over")
    assert (name, last["state"], last["rows"], last["code"]) == ("end", "done", 1, None)
    answer = requests.get(f"{url}/api/queries/nowhere/events", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-query")


def test_events_tell_that_it_was_cancelled(url: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: list(lines(ask(url, FOREVER, query_id="stopped"))))
        until(url, "stopped", "running")
        told = events(url, "stopped")
        assert next(told)[0] == "progress"
        assert requests.delete(f"{url}/api/queries/stopped", timeout=10).status_code == 200
        *_, (name, last) = told
        asked.result(30)
    assert (name, last["state"], last["code"]) == ("end", "cancelled", "cancelled")


def test_the_engine_can_be_chosen(url: str) -> None:
    text = "select shop, count(*) as n from files.orders group by 1 order by 1"
    _, rows, last = lines(ask(url, text, engine="duckdb", no_cache=True))
    assert rows["rows"] == [["a", ORDERS // 3], ["b", ORDERS // 3], ["c", ORDERS // 3]]
    assert last["receipt"]["pieces"][0]["name"] == "files.orders"
    refused = ask(url, text, engine="duckbd")
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown-engine")
    assert "duckdb" in refused.text
    plan = requests.post(f"{url}/api/sql/plan", json={"text": text, "engine": "duckbd"}, timeout=10)
    assert (plan.status_code, plan.json()["code"]) == (400, "unknown-engine")


@pytest.mark.parametrize("kind", ["text/csv", "application/vnd.apache.arrow.stream"])
def test_a_file_that_was_cut_is_not_taken_for_a_whole_one(kind: str, url: str) -> None:
    with ask(url, ENDLESS_ROWS, kind, query_id=f"cut-{kind[-3:]}") as answer:
        chunks = answer.iter_content(None)
        next(chunks)
        assert requests.delete(f"{url}/api/queries/cut-{kind[-3:]}", timeout=10).status_code == 200
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(chunks)


def test_a_client_that_goes_away_stops_it(url: str) -> None:
    answer = ask(url, FOREVER, query_id="left")
    next(lines(answer))
    answer.close()
    until(url, "left", "cancelled")


def test_a_time_limit_stops_it(url: str) -> None:
    last = list(lines(ask(url, FOREVER, time_limit=0.3)))[-1]
    assert (last["problem"]["code"], last["problem"]["status"]) == ("time-limit", 504)
    file = ask(url, FOREVER, "text/csv", time_limit=0.3)
    assert (file.status_code, file.json()["code"]) == (504, "time-limit")


def test_an_error_before_the_first_row_is_an_answer_of_its_own(url: str) -> None:
    for kind in ("text/csv", "application/vnd.apache.parquet"):
        answer = ask(url, "select cast('x' || i as integer) from range(3) numbers(i)", kind)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "conversion"


def test_an_error_amid_a_file_breaks_the_connection(url: str) -> None:
    """A cut file must not be taken for a whole one."""
    text = "select case when i < 500000 then i else cast('x' || i as integer) end from range(510000) numbers(i)"
    answer = ask(url, text, "text/csv")
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.RequestException):
        _ = answer.content
    last = json.loads(ask(url, text).content.splitlines()[-1])
    assert last["problem"]["code"] == "conversion"
    assert last["problem"]["status"] == 400
    assert [one["code"] for one in last["problem"]["problems"]] == ["conversion"]


def test_many_at_once_and_others_are_still_answered(url: str) -> None:
    """More statements than may run: metrics are answered, all can be cancelled, and those that waited never start."""
    names = [f"many-{number}" for number in range(30)]
    asked = [threading.Thread(target=lambda name=name: ask(url, FOREVER, query_id=name).content) for name in names]
    for thread in asked:
        thread.start()
    for name in names:
        until(url, name, "running")
    stages = [state(url, name)["stage"] for name in names]
    assert stages.count("running") <= STATEMENTS
    answer = requests.post(f"{url}/api/query", json={"metrics": ["orders"]}, timeout=20)
    assert answer.json()["data"] == {"orders": [ORDERS]}
    for name in names:
        assert requests.delete(f"{url}/api/queries/{name}", timeout=20).status_code == 200
    for thread in asked:
        thread.join(60)
    assert {state(url, name)["state"] for name in names} == {"cancelled"}
    assert len(list(lines(ask(url, "select 1")))) == 3


def test_an_id_is_used_once(url: str) -> None:
    assert ask(url, "select 1", query_id="once").status_code == 200
    again = ask(url, "select 1", query_id="once")
    assert (again.status_code, again.json()["code"]) == (409, "query-exists")


def test_a_kept_result_is_told_again(url: str) -> None:
    text = "select shop, count(*) as kept from files.orders group by 1 order by 1"
    same = "SELECT shop,  COUNT(*) AS kept -- the same\nFROM files.orders GROUP BY 1 ORDER BY 1"
    *_, fresh = lines(ask(url, text, max_age="1 hour"))
    *_, kept = lines(ask(url, same, max_age="1 hour"))
    assert [piece["by"] for piece in fresh["receipt"]["pieces"]] == ["source"]
    assert [piece["by"] for piece in kept["receipt"]["pieces"]] == ["kept result"]
    *_, none = lines(ask(url, text, no_cache=True))
    assert [piece["by"] for piece in none["receipt"]["pieces"]] == ["source"]
    found = requests.get(f"{url}/api/results", timeout=10).json()
    assert (found["told"] >= 1, found["entries"] >= 1, found["results"][0]["rows"]) == (True, True, 3)
    assert requests.delete(f"{url}/api/results", timeout=10).json()["removed"] == found["entries"]
    assert ask(url, text, max_age="soon").status_code == 400


def test_a_result_larger_than_wished_is_an_error(url: str) -> None:
    first, *_, last = lines(ask(url, ENDLESS_ROWS, maximum_rows=10_000))
    assert last["problem"]["code"] == "result-too-large"
    assert last["problem"]["status"] == 422
    assert state(url, first["query_id"])["code"] == "result-too-large"
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        assert ask(url, ENDLESS_ROWS, "text/csv", maximum_bytes=1_000_000).content


def test_mangled_requests(server: Server) -> None:
    run(server, 1, 50)
