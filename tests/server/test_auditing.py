"""While it serves, the server compares rollups with their sources, and tells what it found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from tests.cache import faults
from tests.server.test_background import wait_until
from tests.shop import Server, build, serving, write_shop

from lapwing.query.service import Lapwing
from lapwing.server import auditing
from lapwing.server.auditing import Auditing
from lapwing.server.services import Services
from lapwing.server.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = write_shop(tmp_path / "shop")
    build(found)
    return found


def test_what_differs_is_found_and_what_was_built_again_is_resolved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "EVERY", 0.01)
    services = Services.open(Settings(root=folder, audit_seconds=20))
    cache = services.lapwing.cache
    thread = Auditing(services)
    thread.start()
    try:
        wait_until(lambda: all(one.equal == one.partitions for one in cache.audits.coverage()))
        main = faults.definitions(cache, "orders")["orders.main"]
        faults.rebuild(cache, main, faults.partition(cache, main), faults.other_numbers({"orders": "n"}))
        wait_until(lambda: [one.state for one in cache.audits.incidents()] == ["open"])
        cache.build().checked()
        wait_until(lambda: [one.state for one in cache.audits.incidents()] == ["resolved"])
    finally:
        thread.stop()
        services.close()


def test_no_seconds_are_none(tmp_path: Path) -> None:
    services = Services.open(Settings(root=write_shop(tmp_path / "shop"), audit_seconds=0))
    thread = Auditing(services)
    thread.start()
    assert thread._thread.ident is None
    thread.stop()
    services.close()


def test_it_is_told(folder: Path) -> None:
    with Lapwing.open(folder) as lapwing:
        cache = lapwing.cache
        main = faults.definitions(cache, "orders")["orders.main"]
        faults.rebuild(cache, main, faults.partition(cache, main), faults.other_numbers({"orders": "n"}))
        assert len(cache.audits.run().opened) == 1
    with serving(folder, "--audit-seconds", "0") as server:
        said = got(server)
        (incident,) = said["incidents"]
        assert (incident["state"], incident["rollup"], incident["resolved"]) == ("open", "orders.main", None)
        assert [(one["kept"], one["source"]) for one in incident["differences"]] == [(0, 1)]
        (covered,) = said["rollups"]
        assert covered["equal"] == covered["looked"] == covered["partitions"]
        assert covered["oldest"] is not None


def got(server: Server) -> dict[str, list[dict[str, Any]]]:
    answer = requests.get(f"{server.address}/api/rollups/audit", timeout=30)
    assert answer.status_code == 200
    found: dict[str, list[dict[str, Any]]] = answer.json()
    return found
