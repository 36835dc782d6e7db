"""The shop by both ways of asking: its folder, and a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.shop import build, serving, write_shop

import lapwing
from lapwing.python.connection import Connection

TOKEN = "a-long-secret"


@pytest.fixture(scope="session", name="shop")
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    build(folder)
    return folder


@pytest.fixture(scope="session", name="address")
def _address(shop: Path) -> Iterator[str]:
    with serving(shop, "--token", TOKEN) as server:
        yield server.address


@pytest.fixture(scope="session", name="con", params=["project", "server"])
def _con(request: pytest.FixtureRequest, shop: Path, address: str) -> Iterator[Connection]:
    with lapwing.connect(shop if request.param == "project" else address, token=TOKEN) as con:
        yield con
