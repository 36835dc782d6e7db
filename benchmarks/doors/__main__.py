"""Trivial statements and many rows through each door of one server, beside the same in its process.

    python -m benchmarks.doors [--small] [--json FILE]

Goals: a trivial statement takes less than 15 ms more than in the process, and at least 200,000 rows a second leave by the
Postgres wire, a million by Flight. One more door is one more file beside this one, and a line in `DOORS`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import numpy as np
from tests.services.base import free_port

from benchmarks.doors import flight, http, postgres
from benchmarks.report import arguments
from lapwing.query.ask import SqlQuery
from lapwing.query.service import Lapwing

PROJECT = "name: doors\ntimezone: UTC\nsources:\n  files: {type: files, path: data}\nresults: {budget: 0}\n"
ROWS = """select i, i * 1.5::double as x, 'name ' || i % 1000 as name, timestamp '2013-01-01' + to_seconds(i % 1000000) as at
from range({count}) t(i)"""


class Client(Protocol):
    """What a door offers to be measured."""

    def trivial(self) -> None: ...
    def rows(self, text: str) -> int: ...
    def close(self) -> None: ...


class InProcess:
    """The bound: no door at all."""

    def __init__(self, folder: Path) -> None:
        self._lapwing = Lapwing.open(folder)

    def trivial(self) -> None:
        self.rows("select 1")

    def rows(self, text: str) -> int:
        return int(self._lapwing.run_sql(SqlQuery(text=text)).table().num_rows)

    def close(self) -> None:
        self._lapwing.close()


DOORS: dict[str, Callable[[dict[str, int]], Client]] = {
    "http": lambda ports: http.Client(ports["http"]),
    "postgres": lambda ports: postgres.Client(ports["postgres"]),
    "flight": lambda ports: flight.Client(ports["flight"]),
}


def main() -> None:
    options = arguments(__doc__ or "")
    count, calls = (300_000, 50) if options.small else (3_000_000, 300)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "data").mkdir()
        (folder / "lapwing.yaml").write_text(PROJECT)
        ports = {name: free_port() for name in DOORS}
        _serve(stack, folder, ports)
        clients: dict[str, Client] = {"in process": InProcess(folder)}
        clients |= {name: make(ports) for name, make in DOORS.items()}
        found = {name: _measured(client, count, calls) for name, client in clients.items()}
        for client in clients.values():
            client.close()
    bound = found["in process"]["trivial_ms"]
    print(f"{'door':<12} {'trivial ms':>10} {'more ms':>8} {'rows/s':>12}")
    for name, one in found.items():
        print(f"{name:<12} {one['trivial_ms']:>10.2f} {one['trivial_ms'] - bound:>8.2f} {one['rows_s']:>12,.0f}")
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=2))


def _serve(stack: ExitStack, folder: Path, ports: dict[str, int]) -> None:
    """A server in a process of its own, ready, and ended with the stack."""
    doors = ["--port", str(ports["http"]), "--postgres", str(ports["postgres"]), "--flight", str(ports["flight"])]
    flags = [*doors, "--no-refresh", "--audit-seconds", "0"]
    command = [sys.executable, "-m", "lapwing", "-p", str(folder), "--json", "serve", *flags]
    process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
    stack.callback(process.terminate)
    assert process.stdout is not None
    if not process.stdout.readline():
        raise RuntimeError("lapwing serve ended")


def _measured(client: Client, count: int, calls: int) -> dict[str, float]:
    """The median of trivial statements, and the best of three reads of many rows."""
    for _ in range(5):
        client.trivial()
    taken = []
    for _ in range(calls):
        start = time.perf_counter()
        client.trivial()
        taken.append(time.perf_counter() - start)
    rates = []
    for _ in range(3):
        start = time.perf_counter()
        if client.rows(ROWS.format(count=count)) != count:
            raise RuntimeError("rows are missing")
        rates.append(count / (time.perf_counter() - start))
    return {"trivial_ms": float(np.median(taken)) * 1e3, "rows_s": max(rates)}


if __name__ == "__main__":
    main()
