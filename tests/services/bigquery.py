"""The emulator of BigQuery, in Go: built once (it takes minutes, and 7 GB of memory), kept outside the tree. It keeps all in
memory, and takes more with every statement, so each module of tests has one of its own. What it does otherwise than
BigQuery is in `tests/sources/bigquery_emulator.py`."""

from __future__ import annotations

import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar
from urllib.error import URLError

from tests.services.base import MissingService, Service, cache_folder, end, free_port, running
from tests.services.golang import build

PACKAGE = "github.com/goccy/bigquery-emulator/cmd/bigquery-emulator"
VERSION = "v0.8.1"
PROJECT = "lapwing-test"


class BigQuery(Service):
    """`environ` is what clients find it by; PROJECT is the only project."""

    name: ClassVar[str] = "bigquery"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port, self.storage_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environ(self) -> dict[str, str]:
        return {
            "BIGQUERY_EMULATOR_HOST": f"127.0.0.1:{self.port}",
            "BIGQUERY_STORAGE_EMULATOR_HOST": f"127.0.0.1:{self.storage_port}",
        }

    @classmethod
    def installed(cls) -> bool:
        return _program().exists()

    @classmethod
    def install(cls) -> None:
        build(PACKAGE, VERSION, _program(), module=PACKAGE)

    def start(self) -> None:
        ports = [f"--port={self.port}", f"--grpc-port={self.storage_port}"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [_program(), f"--project={PROJECT}", "--host=127.0.0.1", *ports],
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C ends the tests first, and they end the server
                env={**os.environ, "TZ": "UTC"},
            )

    def ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            log = (self.folder / "log").read_text(errors="replace")
            raise MissingService(f"the BigQuery emulator ended: {log.strip()[-300:]}")
        try:
            address = f"http://127.0.0.1:{self.port}/bigquery/v2/projects/{PROJECT}/datasets"
            with urllib.request.urlopen(address, timeout=2) as answer:
                return int(answer.status) == 200
        except (URLError, OSError):
            return False

    def stop(self) -> None:
        process, self._process = self._process, None
        end(process)  # at once: it keeps nothing


@contextmanager
def bigquery() -> Iterator[BigQuery]:
    """An emulator of our own, which stops at the end.

    Raises:
        MissingService: there is none, and it can't be built.
    """
    with running(BigQuery) as service:
        yield service


def _program() -> Path:
    return cache_folder() / f"bigquery-emulator-{VERSION}"
