"""Fixtures for all tests: the real services, started when the first test needs them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from tests.services.base import MissingService
from tests.services.chromium import chromium
from tests.services.postgres import postgres

pytest_plugins = ["tests.flights", "tests.flights_postgres"]


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """A PostgreSQL server of this test process (superuser). Tests make databases or schemas of their own in it."""
    try:
        service = postgres()
        dsn = service.__enter__()
    except MissingService as error:
        _missing(error)
    yield dsn
    service.__exit__(None, None, None)


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser's program, for playwright's `executable_path`."""
    try:
        return chromium()
    except MissingService as error:
        _missing(error)


def _missing(error: MissingService) -> NoReturn:
    """Skipped where a person works, failed where nobody would notice the skip."""
    if os.environ.get("CI") == "true":
        pytest.fail(str(error))
    pytest.skip(str(error))
