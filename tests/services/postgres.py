"""PostgreSQL from Debian's packages: a fresh cluster on a free port, without the safety that only survives power cuts."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.services.base import MissingService, Service, apt_install, end, free_port, run_as, running, server_user

PASSWORD = "never-shown-5309"
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "32MB"}


class Postgres(Service):
    """`dsn` is a superuser's, with a password that is really checked."""

    name: ClassVar[str] = "postgres"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    @classmethod
    def installed(cls) -> bool:
        return _programs() is not None

    @classmethod
    def install(cls) -> None:
        apt_install("postgresql")

    def start(self) -> None:
        """Also again after `stop`, with what it held."""
        programs = _programs()
        assert programs is not None
        data, user = self.folder / "data", server_user("postgres")
        if not data.exists():
            self._make(programs)
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        place = ["-D", str(data), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(programs / "postgres"), *place, *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C ends the tests first, and they end the server
                **run_as(user),
            )

    def _make(self, programs: Path) -> None:
        data, secret = self.folder / "data", self.folder / "password"
        secret.write_text(PASSWORD)
        user = server_user("postgres")
        if user is not None:
            for path in (self.folder, secret):
                os.chown(path, user.pw_uid, user.pw_gid)
        program = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "scram-sha-256"]
        made = subprocess.run(
            [*program, "--pwfile", str(secret), "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            **run_as(user),
        )
        if made.returncode:
            raise MissingService(f"initdb failed: {made.stderr.strip()[-300:]}")

    def ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            log = (self.folder / "log").read_text(errors="replace")
            raise MissingService(f"postgres ended: {log.strip()[-300:]}")
        programs = _programs()
        assert programs is not None
        asked = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, check=False).returncode == 0

    def stop(self) -> None:
        process, self._process = self._process, None
        end(process, signal.SIGINT, signal.SIGQUIT)  # its fast and its immediate way to stop


@contextmanager
def postgres() -> Iterator[str]:
    """The DSN of a PostgreSQL server of our own, which stops at the end.

    Raises:
        MissingService: there is none, and it can't be installed.
    """
    with running(Postgres) as service:
        yield service.dsn


def _programs() -> Path | None:
    """The folder of the newest server's programs: Debian keeps them out of PATH."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if found:
        return max(found, key=lambda path: int(re.sub(r"\D.*", "", path.parts[-3]) or 0)).parent
    elsewhere = shutil.which("postgres")
    return Path(elsewhere).resolve().parent if elsewhere and shutil.which("initdb") else None
