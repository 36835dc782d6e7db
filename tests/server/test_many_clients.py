"""Many clients at once: all are answered, none waits for ever, and memory stays within bounds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from tests.shop import serving

SORTS = "select sum(n) from (select count(*) as n from range({rows}) numbers(i) group by i % {groups})"


def answered(url: str, who: str, rows: int) -> int:
    headers = {"lapwing-user": who, "accept": "text/csv"}
    body: dict[str, Any] = {"text": SORTS.format(rows=rows, groups=rows // 2), "time_limit": 300}
    answer = requests.post(f"{url}/api/sql", json=body, headers=headers, timeout=400)
    assert answer.status_code == 200, answer.text
    return int(answer.text.split()[-1])


@pytest.mark.long
def test_all_are_answered(shop: Path) -> None:
    """Half of them are one user's."""
    clients, rows = 200, 400_000
    users = ["greedy" if number % 2 else f"user{number}" for number in range(clients)]
    with serving(shop) as server, ThreadPoolExecutor(clients) as pool:
        assert list(pool.map(lambda who: answered(server.address, who, rows), users)) == [rows] * clients
        used = psutil.Process(server.process.pid).memory_info().rss
        found = requests.get(f"{server.address}/api/queries", timeout=20).json()["queries"]
    assert {one["state"] for one in found} == {"done"}
    assert used < 3_000_000_000
