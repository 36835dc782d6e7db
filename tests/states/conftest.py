"""Engines that a process can have once."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from tests.services.base import missing
from tests.states.engines import ClickHouse


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> ClickHouse:
    """ClickHouse inside this process."""
    if find_spec("chdb") is None:
        missing("ClickHouse is tested through chdb, which is not installed")
    return ClickHouse(tmp_path_factory.mktemp("clickhouse"))
