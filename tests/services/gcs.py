"""A server of Google Cloud Storage's API, built once from its Go module, kept outside the tree. It forgets all when it
stops."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar
from urllib.parse import quote

from tests.services.base import running
from tests.services.golang import GoServer


class Gcs(GoServer):
    """`url` is what STORAGE_EMULATOR_HOST wants."""

    name: ClassVar[str] = "gcs"
    called = "fake-gcs-server"
    package = "github.com/fsouza/fake-gcs-server"
    version = "v1.55.1"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def arguments(self) -> list[str]:
        own = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(self.port), "-backend", "memory"]
        return [*own, "-public-host", self.address, "-external-url", self.url]

    def make_bucket(self, name: str) -> None:
        request = urllib.request.Request(
            f"{self.url}/storage/v1/b?project=p",
            json.dumps({"name": name}).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()

    def read(self, path: str) -> bytes:
        """The object of `gs://BUCKET/NAME`. Raises: FileNotFoundError."""
        bucket, _, name = path.removeprefix("gs://").partition("/")
        try:
            with urllib.request.urlopen(
                f"{self.url}/storage/v1/b/{bucket}/o/{quote(name, safe='')}?alt=media", timeout=10
            ) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise FileNotFoundError(path) from error


@contextmanager
def gcs() -> Iterator[Gcs]:
    """A server of our own, which stops at the end.

    Raises:
        MissingService: there is none, and it can't be built.
    """
    with running(Gcs) as service:
        yield service
