"""What keeps the incidents from being up to date is told, until it is gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.shop import build, write_shop

from lapwing.server import background
from lapwing.server.background import Background
from lapwing.server.services import Services
from lapwing.server.settings import Settings


@pytest.fixture
def services(tmp_path: Path) -> Services:
    folder = write_shop(tmp_path / "shop")
    build(folder)
    return Services.open(Settings(root=folder))


def test_a_trouble_is_told_until_it_is_gone(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "EVERY", 0.05)
    state = services.lapwing.project.state_path
    state.parent.mkdir(parents=True, exist_ok=True)
    state.write_bytes(b"no database at all" * 100)
    thread = Background(services)
    thread.start()
    try:
        wait_until(lambda: bool(services.trouble))
        assert state.name in str(services.trouble[0])
        state.unlink()
        wait_until(lambda: not services.trouble)
    finally:
        thread.stop()
        services.close()


def wait_until(holds: Callable[[], bool]) -> None:
    """Fails where it does not hold within a minute."""
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)
