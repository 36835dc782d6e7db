"""lapwing queries: a server's statements listed, shown, cancelled, and read from the log."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.shop import Server, serving, write_shop

from lapwing.cli.commands.queries.listing import ordinal
from lapwing.cli.main import main

FOREVER = "select count(*) from range(1000000000000)"
TOKEN = "twelve-letters"


@pytest.fixture(name="shop", scope="module")
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(name="server", scope="module")
def _server(shop: Path) -> Iterator[Server]:
    with serving(shop, "--token", TOKEN) as running:
        yield running


@pytest.fixture(autouse=True)
def _names_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAPWING_SERVER", server.address)
    monkeypatch.setenv("LAPWING_TOKEN", TOKEN)


def ask(server: Server, text: str, query_id: str, **more: Any) -> requests.Response:
    headers = {"authorization": f"Bearer {TOKEN}", "lapwing-user": "ana"}
    body = {"text": text, "query_id": query_id, **more}
    return requests.post(f"{server.address}/api/sql", json=body, headers=headers, timeout=60)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def until(capsys: pytest.CaptureFixture[str], query_id: str, stage: str) -> Any:
    for _ in range(1_200):
        if main(["queries", "show", query_id, "--json"]) == 0:
            found = json.loads(capsys.readouterr().out)
            if found["stage"] == stage:
                return found
        capsys.readouterr()
        time.sleep(0.05)
    raise AssertionError(f"{query_id} never was {stage}")


def test_a_statement_is_shown_with_what_its_sources_are_sent(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(server, "select count(*) as n\nfrom files.orders", "counted").status_code == 200
    found = told(capsys, "queries", "show", "counted")
    assert (found["who"], found["door"], found["state"], found["rows"]) == ("ana", "http", "done", 1)
    assert found["plan"]["scans"][0]["table"] == "files.orders"
    assert main(["queries", "show", "counted"]) == 0
    assert "source    files, files.orders" in capsys.readouterr().out
    assert main(["queries", "list"]) == 0
    assert "select count(*) as n from files.orders" in capsys.readouterr().out


def test_what_runs_is_listed_and_cancelled(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    asked = threading.Thread(target=ask, args=(server, FOREVER, "forever"), kwargs={"priority": "batch"})
    asked.start()
    until(capsys, "forever", "running")
    (found,) = told(capsys, "queries", "list", "--running")["queries"]
    assert (found["id"], found["priority"], found["position"]) == ("forever", "batch", None)
    assert main(["queries", "cancel", "forever"]) == 0
    assert "query forever: " in capsys.readouterr().out
    asked.join(60)
    assert until(capsys, "forever", "cancelled")["code"] == "cancelled"
    assert told(capsys, "queries", "list", "--running") == {"queries": []}


def test_the_log_is_read_without_the_server(server: Server, shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(server, "select nothing", "wrong").status_code == 404
    for _ in range(600):  # it is written by a thread of its own
        found = told(capsys, "-p", str(shop), "queries", "log", "--who", "ana", "--since", "1 hour")["queries"]
        if found and found[0]["id"] == "wrong":
            break
        time.sleep(0.05)
    assert (found[0]["state"], found[0]["code"]) == ("failed", "unknown-column")
    assert told(capsys, "-p", str(shop), "queries", "log", "--who", "ben") == {"queries": []}
    over_http = requests.get(
        f"{server.address}/api/query-log?who=ana&limit=1", headers={"authorization": f"Bearer {TOKEN}"}, timeout=20
    )
    assert over_http.json() == {"queries": found[:1]}


def test_errors_of_the_server_are_errors_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["queries", "show", "missing"]) == 2
    assert "no query missing" in capsys.readouterr().err
    assert main(["queries", "list", "--token", "wrong-token"]) == 1
    assert "token" in capsys.readouterr().err
    monkeypatch.setenv("LAPWING_SERVER", "http://127.0.0.1:1")
    assert main(["queries", "list"]) == 1
    assert "No Lapwing answers" in capsys.readouterr().err
    assert main(["queries", "list", "--server", "ftp://there"]) == 2


def test_places_are_told_as_people_say_them() -> None:
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 21, 112)] == [
        "1st",
        "2nd",
        "3rd",
        "4th",
        "11th",
        "21st",
        "112th",
    ]
