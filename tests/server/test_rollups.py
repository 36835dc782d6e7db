"""GET and POST /api/rollups: what the cache holds and did, and building it now."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.shop import Server, build, serving, write_shop

JANUARY = {"start": "2024-01-01", "end": "2024-02-01", "zone": "UTC"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop with a promise that can't have been kept, and one rollup without; built once."""
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    dataset = folder / "datasets" / "orders.yaml"
    text = dataset.read_text().replace("partition: month", "partition: month, freshness: 10 seconds")
    dataset.write_text(text + "  by_day: {grain: day, dimensions: [shop], partition: month, ancestors: 0}\n")
    build(folder)
    return folder


@pytest.fixture(scope="module")
def server(own: Path) -> Iterator[Server]:
    with serving(own, "--no-refresh") as running:
        yield running


def get(server: Server, path: str = "") -> Any:
    answer = requests.get(f"{server.address}/api/rollups{path}", timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refreshed(server: Server, which: str | None) -> None:
    """Asks for a build and waits until it is over."""
    asked = requests.post(f"{server.address}/api/rollups/refresh", json={"which": which}, timeout=30)
    assert asked.status_code == 202, asked.text
    until = time.monotonic() + 60
    while get(server, "/refresh")["running"]:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_what_is_late_is_told_until_it_is_built(server: Server) -> None:
    until = time.monotonic() + 60
    while not (main := get(server, "?check=false")["rollups"][0])["late"]:
        assert time.monotonic() < until
        time.sleep(0.5)
    assert (main["name"], main["freshness"], main["due"]) == ("orders.main", "10 seconds", None)
    assert main["late_by_seconds"] > 0
    assert main["last_run"]["began"] == main["as_of"]
    other = get(server)["rollups"][-1]
    assert (other["name"], other["freshness"], other["late"]) == ("orders.by_day", None, False)
    refreshed(server, "orders.main")
    after = get(server)["rollups"][0]
    assert (after["late"], after["late_by_seconds"]) == (False, None)
    assert after["as_of"] > main["as_of"]
    first, second = get(server, "/runs?which=orders.main")["runs"]
    assert (first["why"], first["result"], first["unchanged"], first["began"]) == (
        "asked",
        "unchanged",
        main["partitions"],
        after["as_of"],
    )
    assert (second["result"], second["causes"]) == ("built", {"built": main["partitions"]})
    assert get(server, "/runs?which=orders.main&limit=1")["runs"] == [first]


def test_answers_are_counted_and_what_they_saved(server: Server, own: Path) -> None:
    def ask(**more: Any) -> None:
        answer = requests.post(f"{server.address}/api/query", json={"metrics": ["orders"], **more}, timeout=30)
        assert answer.status_code == 200, answer.text

    before = get(server)
    for shop in "abc":
        ask(**JANUARY, where=f"shop = '{shop}'")
    ask(**JANUARY, where="shop = 'c'")
    ask(**JANUARY, by=["shop"], grain="hour", no_cache=True)
    ask(start="2024-01-01T00:10", end="2024-01-01T00:20", zone="UTC")
    after = get(server)
    assert after["since"] == before["since"]
    assert after["whole"] + after["again"] - before["whole"] - before["again"] == 4
    assert after["missed"] - before["missed"] == 1
    miss = next(one for one in after["misses"] if one["check"] == "grain")
    assert (miss["dataset"], miss["last"]) == ("orders", "orders")
    size = sum(file.stat().st_size for file in (own / "data" / "orders").iterdir())
    answers = sum(one["answers"] for one in after["rollups"])
    assert 0 < after["bytes_saved"] <= size * answers
    assert after["bytes_saved"] == sum(one["bytes_saved"] for one in after["rollups"])


def test_stretches_of_partitions_by_their_state(server: Server, own: Path) -> None:
    main = get(server)["rollups"][0]
    (one,) = main["stretches"]
    assert (one["partitions"], one["state"], one["says"]) == (main["partitions"], "fresh", None)
    (unasked,) = get(server, "?check=false")["rollups"][0]["stretches"]
    assert unasked["state"] == "unknown"
    february = own / "data" / "orders" / "2024-02.csv"
    shutil.copy(february, february.with_suffix(".new"))
    february.with_suffix(".new").replace(february)
    assert {one["state"] for one in get(server)["rollups"][0]["stretches"]} == {"stale"}
    assert get(server)["rollups"][0]["stale"]
    refreshed(server, None)
    assert {one["state"] for rollup in get(server)["rollups"] for one in rollup["stretches"]} <= {"fresh", "following"}


def test_what_can_not_be_asked(server: Server) -> None:
    wrong = requests.post(f"{server.address}/api/rollups/refresh", json={"which": "orders.mian"}, timeout=30)
    assert wrong.status_code == 404
    assert wrong.json()["problems"][0]["nearest"][0] == "orders.main"
    assert requests.get(f"{server.address}/api/rollups/runs?which=no", timeout=30).status_code == 404
    nothing = requests.delete(f"{server.address}/api/rollups/refresh/orders", timeout=30)
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not-refreshing")
