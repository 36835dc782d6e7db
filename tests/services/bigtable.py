"""Google's emulator of Bigtable: built once from its Go module, kept outside the tree. It forgets all when it stops."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.services.base import MissingService, Service, cache_folder, end, free_port, running
from tests.services.golang import build

MODULE = "cloud.google.com/go/bigtable"
VERSION = "v1.58.0"


class Bigtable(Service):
    """`address` is what BIGTABLE_EMULATOR_HOST wants. After `stop`, `start` begins an empty one at the same address."""

    name: ClassVar[str] = "bigtable"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The running server, for tests that pause it or kill it."""
        return self._process

    @classmethod
    def installed(cls) -> bool:
        return _program().exists()

    @classmethod
    def install(cls) -> None:
        build(f"{MODULE}/cmd/emulator", VERSION, _program())

    def start(self) -> None:
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [_program(), "-host", "127.0.0.1", "-port", str(self.port)],
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C ends the tests first, and they end the server
            )

    def ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            log = (self.folder / "log").read_text(errors="replace")
            raise MissingService(f"the Bigtable emulator ended: {log.strip()[-300:]}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        process, self._process = self._process, None
        end(process, signal.SIGTERM)


@contextmanager
def bigtable() -> Iterator[Bigtable]:
    """An emulator of our own, which stops at the end.

    Raises:
        MissingService: there is none, and it can't be built.
    """
    with running(Bigtable) as service:
        yield service


def _program() -> Path:
    return cache_folder() / f"bigtable-emulator-{VERSION}"
