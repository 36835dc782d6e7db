"""Many requests as no client should send them."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from tests.server.mangled import run
from tests.shop import Server


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/rollups/refresh", {"which": "\ud800"}),
        ("/api/follow/backtest", {"metric": "orders", "grain": "day", "slice": {"shop": "\udfff"}}),
    ],
)
def test_half_of_a_pair_is_no_text(server: Server, path: str, body: dict[str, Any]) -> None:
    answer = requests.post(f"{server.address}{path}", json=body, timeout=30)
    assert answer.status_code in (400, 422)
    assert "surrogate" in answer.json()["detail"]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_hundred_thousand_mangled_requests(server: Server, seed: int) -> None:
    run(server, seed, 10_000)
