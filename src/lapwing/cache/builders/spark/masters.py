"""Masters of Spark: whether one answers, before Spark waits a minute to say so, and whether a session is of another one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from time import monotonic
from typing import Any, Final

from lapwing.model.problem import Refused, SourceError

_SCHEME: Final = "spark://"
_PORT: Final = 7077


def check_reachable(master: str, seconds: float) -> None:
    """Looks whether one of the hosts of a standalone master (spark://HOST:PORT,HOST:PORT) takes connections; of other masters
    nothing is known here.

    Raises:
        SourceError: none does, within `seconds` for all of them.
    """
    until, tried = monotonic() + seconds, []
    for host, port in _places(master):
        try:
            with socket.create_connection((host, port), timeout=max(0.01, until - monotonic())):
                return
        except OSError as error:
            tried.append(f"{host}:{port} ({error.strerror or error})")
    if tried:
        raise SourceError.of(
            "spark-unreachable",
            f"No master of Spark takes connections. Tried: {', '.join(tried)}.",
            hint="Check that the cluster runs, and master under spark: in lapwing.yaml.",
        )


def check_session(master: str) -> None:
    """Spark has one session a process, and gives it back whatever master is asked for.

    Raises:
        Refused: this process has one of another master.
    """
    from pyspark import SparkContext

    context: Any = SparkContext._active_spark_context
    if context is not None and context.master != master:
        raise Refused.of(
            "spark-other-master",
            f"This process already has a session of Spark at {context.master}, so none at {master} can be had.",
            hint="Stop that session, build in another process, or set spark.master to it.",
        )


def _places(master: str) -> Iterator[tuple[str, int]]:
    if not master.startswith(_SCHEME):
        return
    for place in master.removeprefix(_SCHEME).split(","):
        host, _, port = place.strip().rpartition(":")
        yield (host.strip("[]"), int(port)) if host and port.isdigit() else (place.strip("[]"), _PORT)
