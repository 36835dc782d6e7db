"""lapwing serve."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
import requests
from tests.cli.conftest import Lapwing
from tests.shop import Server, serving

FOREVER = "select count(*) from range(1000000000000)"
ROWS_FOREVER = "select i, md5(i::varchar) from range(1000000000000) t(i)"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_good_order_with_statements_running(how: signal.Signals, own_shop: Path) -> None:
    with serving(own_shop) as server:
        answers: list[str] = []

        def ask() -> None:
            body = {"text": FOREVER, "query_id": "long"}
            answers.append(requests.post(f"{server.address}/api/sql", json=body, timeout=60).text)

        asking = threading.Thread(target=ask)
        asking.start()
        while _stage(server) in (None, "waiting", "planning"):
            time.sleep(0.01)
        assert server.stop(how) == 0
        asking.join(30)
    assert json.loads(answers[0].splitlines()[-1])["problem"]["code"] == "cancelled"
    assert "Traceback" not in server.log.read_text()
    assert server.log.read_text().splitlines()[-1] == "Ended."


def test_it_ends_though_a_client_takes_nothing(own_shop: Path) -> None:
    body = json.dumps({"text": ROWS_FOREVER, "query_id": "long"}).encode()
    with serving(own_shop) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        head = f"POST /api/sql HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n"
        client.sendall(f"{head}content-type: application/json\r\n\r\n".encode() + body)
        before, rows = 0, 0
        while rows == 0 or rows != before:
            time.sleep(0.5)  # until nothing more goes through
            before, rows = rows, _rows(server)
        assert server.stop(signal.SIGINT) == 0
    assert "ended without waiting for what still ran" in server.log.read_text()
    assert ROWS_FOREVER in server.log.read_text()


def _stage(server: Server) -> str | None:
    """None: the statement is not known yet."""
    stage = requests.get(f"{server.address}/api/queries/long", timeout=10).json().get("stage")
    return None if stage is None else str(stage)


def _rows(server: Server) -> int:
    return int(requests.get(f"{server.address}/api/queries/long", timeout=10).json().get("rows", 0))


def test_a_port_in_use(lapwing: Lapwing, shop: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = lapwing("-p", shop, "serve", "--port", port)
        assert (said.code, said.out) == (1, b"")
        assert said.err == (
            f"Something listens on 127.0.0.1:{port} already. "
            f"Stop it, or take another port: lapwing serve --port {port + 1}\n"
        )
        found = json.loads(lapwing("-p", shop, "serve", "--port", port, "--json").err)
        assert found["code"] == "port-in-use"


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--host", "0.0.0.0"), "so it needs a token. Add --token SECRET (or set LAPWING_TOKEN)"),
        (("--host", "0.0.0.0", "--token", "short"), "The token is shorter than 8 characters."),
        (("--host", "10.255.255.254", "--token", "a-long-secret"), "is not an address of this machine"),
        (("--port", "0"), "0 is not a port."),
        (("--port", "x"), "'x' is not a port; take one from 1 to 65535"),
    ],
)
def test_what_it_refuses(
    flags: tuple[str, ...], says: str, lapwing: Lapwing, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAPWING_TOKEN", raising=False)
    said = lapwing("-p", shop, "serve", *flags)
    assert (said.code, said.out) == (2, b"")
    assert says in said.err
    assert "a-long-secret" not in said.err


def test_promises_are_kept_unless_left_to_others(own_shop: Path) -> None:
    dataset = own_shop / "datasets" / "orders.yaml"
    dataset.write_text(dataset.read_text().replace("partition: month", "partition: month, freshness: 10 seconds"))
    with serving(own_shop, "--no-refresh") as server:
        time.sleep(1)
        (rollup,) = requests.get(f"{server.address}/api/catalog", timeout=10).json()["rollups"]
        assert rollup["partitions"] == 0
    with serving(own_shop) as server:
        until = time.monotonic() + 30
        while requests.get(f"{server.address}/api/catalog", timeout=10).json()["rollups"][0]["partitions"] < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()
