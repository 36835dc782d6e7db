"""Engines that a process can have once."""

from __future__ import annotations

import pytest
from tests.states.engines import ClickHouse


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> ClickHouse:
    """ClickHouse inside this process."""
    pytest.importorskip("chdb", reason="ClickHouse is tested through chdb, which is not installed")
    return ClickHouse(tmp_path_factory.mktemp("clickhouse"))
