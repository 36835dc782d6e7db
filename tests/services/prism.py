"""Prism, Beam's portable runner: built once from its Go module, kept outside the tree. It has no way to listen on 127.0.0.1
alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.services.base import ensure, running
from tests.services.golang import GoServer


class Prism(GoServer):
    """`address` is a job endpoint. The version is that of the Python SDK."""

    name: ClassVar[str] = "prism"
    called = "prism"
    package = "github.com/apache/beam/sdks/v2/go/cmd/prism"
    version = "v2.77.0"

    def arguments(self) -> list[str]:
        return [f"-job_port={self.port}", "-serve_http=false", "-log_kind=text"]


@contextmanager
def prism() -> Iterator[Prism]:
    """A job server of our own, which stops at the end.

    Raises:
        MissingService: there is none, and it can't be built.
    """
    with running(Prism) as service:
        yield service


def prism_program() -> Path:
    """The program, built where it is missing. Raises as `prism`."""
    ensure(Prism)
    return Prism.program()
