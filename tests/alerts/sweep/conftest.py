"""The market, built once, for tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.alerts.sweep.market import make

from lapwing.query.service import Lapwing


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lapwing]:
    with Lapwing.open(make(tmp_path_factory.mktemp("market"))) as lapwing:
        yield lapwing
