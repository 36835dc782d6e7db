"""The emulator of BigQuery, in Go: built once (it takes minutes, and 7 GB of memory), kept outside the tree. It keeps all in
memory, and takes more with every statement, so each module of tests has one of its own. What it does otherwise than
BigQuery is in `tests/sources/bigquery_emulator.py`."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar
from urllib.error import URLError

from tests.services.base import end, free_port, running
from tests.services.golang import GoServer

PROJECT = "lapwing-test"


class BigQuery(GoServer):
    """`environ` is what clients find it by; PROJECT is the only project."""

    name: ClassVar[str] = "bigquery"
    called = "bigquery-emulator"
    package = "github.com/goccy/bigquery-emulator/cmd/bigquery-emulator"
    version = "v0.8.1"
    within = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.storage_port = free_port()

    @property
    def environ(self) -> dict[str, str]:
        return {
            "BIGQUERY_EMULATOR_HOST": self.address,
            "BIGQUERY_STORAGE_EMULATOR_HOST": f"127.0.0.1:{self.storage_port}",
        }

    def arguments(self) -> list[str]:
        ports = [f"--port={self.port}", f"--grpc-port={self.storage_port}"]
        return [f"--project={PROJECT}", "--host=127.0.0.1", *ports]

    def answers(self) -> bool:
        try:
            address = f"http://{self.address}/bigquery/v2/projects/{PROJECT}/datasets"
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
