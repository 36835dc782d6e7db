"""MariaDB from Debian's packages: a fresh server on a free port, with its time zones, and as careless as tests may be."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.services.base import MissingService, Service, apt_install, end, free_port, run_as, running, server_user

PASSWORD = "never-shown-8142"
SETTINGS = (
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--performance-schema=off",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_bin",
)
SETUP = f"""
create user lapwing@'%' identified by '{PASSWORD}';
grant all on *.* to lapwing@'%' with grant option;
create database test;
"""
SETUP_SECONDS = 60


class MariaDB(Service):
    """`dsn` is that of a user who may do anything, with a password that is really checked."""

    name: ClassVar[str] = "mariadb"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._set_up = False

    @property
    def dsn(self) -> str:
        return f"mysql://lapwing:{PASSWORD}@127.0.0.1:{self.port}/test"

    @classmethod
    def installed(cls) -> bool:
        return all(map(_program, ("mariadbd", "mariadb-install-db", "mariadb", "mysql_tzinfo_to_sql")))

    @classmethod
    def install(cls) -> None:
        apt_install("mariadb-server", "tzdata")

    def start(self) -> None:
        user = server_user("mysql")
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        data = self.folder / "data"
        # As it begins, a server removes temporary tables that it finds: in a folder of all, those of another one.
        own = {**os.environ, "TMPDIR": str(self.folder)}
        if not data.exists():
            made = subprocess.run(
                [
                    *(_program("mariadb-install-db"), "--no-defaults", f"--datadir={data}"),
                    *("--auth-root-authentication-method=normal", "--skip-test-db"),
                ],
                capture_output=True,
                text=True,
                check=False,
                cwd=self.folder,
                env=own,
                **run_as(user),
            )
            if made.returncode:
                raise MissingService(f"mariadb-install-db failed: {(made.stdout + made.stderr).strip()[-300:]}")
        place = [f"--datadir={data}", f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self._socket}"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [_program("mariadbd"), "--no-defaults", *place, f"--pid-file={self.folder / 'pid'}", *SETTINGS],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=own,
                start_new_session=True,  # Ctrl-C ends the tests first, and they end the server
                **run_as(user),
            )

    def ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            log = (self.folder / "log").read_text(errors="replace")
            raise MissingService(f"mariadbd ended: {log.strip()[-300:]}")
        if not self._set_up and self._asked(b"select 1").returncode == 0:
            # Not before: the programs that make a database can't load the zones.
            zones = subprocess.run(
                [_program("mysql_tzinfo_to_sql"), "/usr/share/zoneinfo"], capture_output=True, check=False
            )
            done = self._asked(zones.stdout + SETUP.encode())
            if done.returncode:
                raise MissingService(f"mariadb can't be set up: {done.stderr.decode(errors='replace').strip()[-300:]}")
            self._set_up = True
        return self._set_up

    def stop(self) -> None:
        process, self._process = self._process, None
        end(process, signal.SIGTERM)

    @property
    def _socket(self) -> Path:
        return self.folder / "socket"

    def _asked(self, statements: bytes) -> subprocess.CompletedProcess[bytes]:
        """Statements run as root, in the database of the server's own tables."""
        return subprocess.run(
            [_program("mariadb"), "--no-defaults", "--user=root", f"--socket={self._socket}", "mysql"],
            input=statements,
            capture_output=True,
            check=False,
            timeout=SETUP_SECONDS,
        )


@contextmanager
def mariadb() -> Iterator[str]:
    """The DSN (mysql://user:password@host:port/database) of a MariaDB server of our own, which stops at the end.

    Raises:
        MissingService: there is none, and it can't be installed.
    """
    with running(MariaDB) as service:
        yield service.dsn


def _program(name: str) -> str:
    """Where a program is, or "": servers are in /usr/sbin, which is not in everyone's PATH."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin") or ""
