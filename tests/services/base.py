"""The real services that tests use: what each is, in five verbs, and how one is kept running.

A service is installed once for the machine, behind a file lock because test processes run side by side; what it keeps is
a folder of its own, which goes when it stops. What has to be downloaded is cached outside the tree.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeVar

import pytest

READY_SECONDS = 30.0
INSTALL_SECONDS = 600

S = TypeVar("S", bound="Service")


class MissingService(Exception):
    """The service can't be had here; says why."""


def missing(why: object) -> NoReturn:
    """What a test can't do without is not here: skipped where a person works, failed (CI=true) where nobody would notice
    the skip."""
    if os.environ.get("CI") == "true":
        pytest.fail(str(why))
    pytest.skip(str(why))


class Service(ABC):
    """One real service. `folder` is its own, empty at first."""

    name: ClassVar[str]
    ready_seconds: ClassVar[float] = READY_SECONDS
    """How long it may take to become ready."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    @abstractmethod
    def installed(cls) -> bool: ...

    @classmethod
    @abstractmethod
    def install(cls) -> None:
        """Installs it for the machine.

        Raises:
            MissingService: that is not possible here.
        """

    @abstractmethod
    def start(self) -> None:
        """Starts it; it need not be ready when this returns."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it answers.

        Raises:
            MissingService: it has ended, and will not.
        """

    @abstractmethod
    def stop(self) -> None:
        """Stops it. Harmless when it does not run."""


def cache_folder() -> Path:
    """Where things for tests are kept between runs."""
    chosen = os.environ.get("LAPWING_TEST_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(chosen) if chosen else home / "lapwing-test"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Only one process at a time is inside, for each name."""
    with (cache_folder() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def ensure(kind: type[Service]) -> None:
    """Installs the service where it is missing.

    Raises:
        MissingService: it is missing, and can't be installed.
    """
    if kind.installed():
        return
    with locked(kind.name):
        if not kind.installed():
            kind.install()
        if not kind.installed():
            raise MissingService(f"{kind.name} was installed, but is not where it is looked for")


def apt_install(*packages: str) -> None:
    """Installs packages of Debian, where we may.

    Raises:
        MissingService: no apt-get, no right to, or it failed.
    """
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise MissingService(f"{' '.join(packages)} is not installed; installing it needs apt-get and root")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        try:
            done = subprocess.run(
                [apt, *arguments], env=environment, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise MissingService(f"apt-get {arguments[0]} took over {INSTALL_SECONDS} s") from error
        if done.returncode:
            raise MissingService(f"apt-get {arguments[0]} failed: {done.stderr.strip()[-300:]}")


def program(name: str, package: str) -> str:
    """The path of a program, which the package of Debian brings where it is missing. Raises as `apt_install`."""
    if shutil.which(name) is None:
        with locked(package):
            if shutil.which(name) is None:
                apt_install(package)
    found = shutil.which(name)
    if found is None:
        raise MissingService(f"{package} was installed, but brought no {name}")
    return found


def server_user(name: str) -> pwd.struct_passwd | None:
    """Who runs a server that refuses to be root: the user that its package made; None is us."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return pwd.getpwnam("nobody")


def run_as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """What makes `subprocess` run a program as `user`."""
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def end(process: subprocess.Popen[bytes] | None, *asking: signal.Signals, seconds: float = 10) -> None:
    """Ends a server by one signal after the other, each given `seconds`; the last is always SIGKILL."""
    if process is None:
        return
    for ask in (*asking, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(ask)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def free_port() -> int:
    """A port nobody listens on now. Someone else may be faster, so starting is tried again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(kind: type[S], tries: int = 3) -> Iterator[S]:
    """The service, ready; stopped and its folder removed at the end.

    Raises:
        MissingService: it can't be installed, or does not become ready.
    """
    ensure(kind)
    # Not the cache: a server that runs as another user has to reach its folder.
    folder = Path(tempfile.mkdtemp(prefix=f"lapwing-{kind.name}-"))
    try:
        service = _started(kind, folder, tries)
        try:
            yield service
        finally:
            service.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(kind: type[S], folder: Path, tries: int) -> S:
    for left in reversed(range(tries)):
        own = folder / str(left)
        own.mkdir()
        folder.chmod(0o755)
        service = kind(own)
        try:
            service.start()
            _wait(service)
        except BaseException as error:
            service.stop()
            if not left or not isinstance(error, MissingService):
                raise
        else:
            return service
    raise ValueError("tries must be at least 1")


def _wait(service: Service) -> None:
    until = time.monotonic() + service.ready_seconds
    while not service.ready():
        if time.monotonic() > until:
            raise MissingService(f"{service.name} was not ready after {service.ready_seconds:g} s")
        time.sleep(0.03)
