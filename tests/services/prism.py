"""Prism, Beam's portable runner: built once from its Go module, kept outside the tree. It has no way to listen on 127.0.0.1
alone."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.services.base import MissingService, Service, cache_folder, end, ensure, free_port, running
from tests.services.golang import build

PACKAGE = "github.com/apache/beam/sdks/v2/go/cmd/prism"
VERSION = "v2.77.0"
"""That of the Python SDK."""


class Prism(Service):
    """`address` is a job endpoint."""

    name: ClassVar[str] = "prism"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The running server, for tests that kill it."""
        return self._process

    @classmethod
    def installed(cls) -> bool:
        return program().exists()

    @classmethod
    def install(cls) -> None:
        build(PACKAGE, VERSION, program())

    def start(self) -> None:
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [program(), f"-job_port={self.port}", "-serve_http=false", "-log_kind=text"],
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C ends the tests first, and they end the server
            )

    def ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            log = (self.folder / "log").read_text(errors="replace")
            raise MissingService(f"Prism ended: {log.strip()[-300:]}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        process, self._process = self._process, None
        end(process, signal.SIGTERM)


@contextmanager
def prism() -> Iterator[Prism]:
    """A job server of our own, which stops at the end.

    Raises:
        MissingService: there is none, and it can't be built.
    """
    with running(Prism) as service:
        yield service


def prism_program() -> Path:
    """The program, built where it is missing. Raises as `prism`."""
    ensure(Prism)
    return program()


def program() -> Path:
    """Where it is kept."""
    return cache_folder() / f"prism-{VERSION}"
