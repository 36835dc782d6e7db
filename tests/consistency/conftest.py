"""One project with every source, for the whole session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.consistency.world import DATA, World, world


@pytest.fixture(scope="session")
def nasty(tmp_path_factory: pytest.TempPathFactory, postgres_dsn: str, mariadb_dsn: str) -> Iterator[World]:
    """The nasty data in every source."""
    yield from world(tmp_path_factory.mktemp("nasty"), postgres_dsn, mariadb_dsn, DATA.read_text(encoding="utf-8"))
