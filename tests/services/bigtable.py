"""Google's emulator of Bigtable: built once from its Go module, kept outside the tree. It forgets all when it stops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from tests.services.base import running
from tests.services.golang import GoServer


class Bigtable(GoServer):
    """`address` is what BIGTABLE_EMULATOR_HOST wants. After `stop`, `start` begins an empty one at the same address."""

    name: ClassVar[str] = "bigtable"
    called = "bigtable-emulator"
    package = "cloud.google.com/go/bigtable/cmd/emulator"
    version = "v1.58.0"

    def arguments(self) -> list[str]:
        return ["-host", "127.0.0.1", "-port", str(self.port)]


@contextmanager
def bigtable() -> Iterator[Bigtable]:
    """An emulator of our own, which stops at the end.

    Raises:
        MissingService: there is none, and it can't be built.
    """
    with running(Bigtable) as service:
        yield service
