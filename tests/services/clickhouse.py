"""ClickHouse: its own engine out of chdb, with a double of its HTTP interface. No server is to be had that is newer than 2018."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from tests.services.base import MissingService, Service, end, free_port, running


class ClickHouse(Service):
    """`dsn` is the address of its database `default`."""

    name: ClassVar[str] = "clickhouse"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        return f"clickhouse://127.0.0.1:{self.port}/default"

    @classmethod
    def installed(cls) -> bool:
        return find_spec("chdb") is not None

    @classmethod
    def install(cls) -> None:
        raise MissingService("chdb is not installed")

    def start(self) -> None:
        double = Path(__file__).with_name("clickhouse_double.py")
        self.process = subprocess.Popen(
            [sys.executable, double, str(self.port), str(self.folder / "data")],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("wb"),
        )

    def ready(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise MissingService(f"it ended: {(self.folder / 'log').read_text()[-300:]}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=5).close()
        except (urllib.error.URLError, OSError):
            return False
        return True

    def stop(self) -> None:
        end(self.process)


@contextmanager
def clickhouse() -> Iterator[ClickHouse]:
    """A server of our own, which stops at the end.

    Raises:
        MissingService: there is none.
    """
    with running(ClickHouse) as service:
        yield service
