"""The shop, built once, for tests that only read it; every test has a state database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.alerts.shop import open_alerts, write_shop

from lapwing.alerts.service import Alerts
from lapwing.query.service import Lapwing


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lapwing]:
    with Lapwing.open(write_shop(tmp_path_factory.mktemp("shop"))) as lapwing:
        yield lapwing


@pytest.fixture
def alerts(shop: Lapwing, tmp_path: Path) -> Iterator[Alerts]:
    service = open_alerts(shop, tmp_path / "state.db")
    yield service
    service.close()
