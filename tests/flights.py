"""The flights example as fixtures: prepared, copied aside, built once a test run, and served."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.services.base import free_port

from lapwing.query.service import Lapwing

EXAMPLE = Path(__file__).parent.parent / "examples" / "flights"
COMMAND = Path(sys.executable).parent / "lapwing"


@pytest.fixture(scope="session")
def flights_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's folder, copied and with its rollups built."""
    subprocess.run([sys.executable, EXAMPLE / "prepare.py"], check=True, capture_output=True)
    folder = tmp_path_factory.mktemp("example") / "flights"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".lapwing", "*.part", "__pycache__"))
    with Lapwing.open(folder) as lapwing:
        lapwing.cache.build().checked()
    return folder


@pytest.fixture(scope="session")
def flights(flights_project: Path) -> Iterator[Lapwing]:
    """The example, opened."""
    with Lapwing.open(flights_project) as lapwing:
        yield lapwing


@pytest.fixture(scope="session")
def flights_server(flights_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `lapwing serve` on the example, in a process of its own."""
    with served(flights_project, tmp_path_factory.mktemp("serve") / "log") as address:
        yield address


@contextmanager
def served(project: Path, log: Path) -> Iterator[str]:
    """The address of `lapwing serve` on a project, in a process of its own, once all is judged."""
    port = free_port()
    with log.open("wb") as out:
        server = subprocess.Popen([COMMAND, "-p", project, "serve", "--port", str(port)], stdout=out, stderr=out)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if server.poll() is not None:
                pytest.fail(f"lapwing serve ended: {log.read_text()[-2000:]}")
            if _is_ready(address):
                break
            time.sleep(0.1)
        else:
            pytest.fail(f"lapwing serve is not ready: {log.read_text()[-2000:]}")
        yield address
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _is_ready(address: str) -> bool:
    """It answers, and has judged the year."""
    try:
        with urllib.request.urlopen(f"{address}/api/board", timeout=30) as answer:
            return not json.load(answer)["judging"]
    except OSError:
        return False
