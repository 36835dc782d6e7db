"""The shop, built and served once for those tests that change nothing that others look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.shop import Server, build, serving, write_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's folder, built."""
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    build(folder)
    return folder


@pytest.fixture(scope="session")
def server(shop: Path) -> Iterator[Server]:
    with serving(shop) as running:
        yield running


@pytest.fixture(scope="session")
def url(server: Server) -> str:
    return server.address
