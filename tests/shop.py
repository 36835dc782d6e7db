"""A small real project: a shop's orders as CSV by month, its towns in SQLite. Built in a second."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import requests
from tests.services.base import free_port

from lapwing.query.service import Lapwing

READY_SECONDS = 120.0
COMMAND = Path(sys.executable).parent / "lapwing"
PROJECT = """name: shop
timezone: Europe/Berlin
now: 2024-03-01T06:00
sources:
  files: {type: files, path: data}
  places: {type: sqlite, path: places.db}
store: {type: lmdb, path: .lapwing/store}
"""
DATASET = """dataset: orders
description: What was sold.
table: files.orders
time: {column: at, timezone: Europe/Berlin}
complete_after: 0 hours
joins:
  towns: {table: places.towns, on: town, many_to_one: true}
dimensions:
  shop: {}
  town: {}
  country: {column: towns.country}
measures:
  orders: {count: "*"}
  amount: {sum: amount, label: Amount, unit: EUR}
  returned: {count: "*", where: amount < 0}
metrics:
  return_rate: {ratio: returned / orders, format: percent, better: down}
rollups:
  main: {grain: hour, dimensions: [shop, town, country], partition: month}
"""
ORDERS = 60 * 4


def write_shop(folder: Path) -> Path:
    """The project with 60 days of orders, four a day; not built."""
    (folder / "data" / "orders").mkdir(parents=True)
    (folder / "datasets").mkdir()
    (folder / "lapwing.yaml").write_text(PROJECT)
    (folder / "datasets" / "orders.yaml").write_text(DATASET)
    with sqlite3.connect(folder / "places.db") as places:
        places.execute("create table towns (town text, country text)")
        places.executemany("insert into towns values (?, ?)", [("Köln", "DE"), ("Wien", "AT")])
    places.close()
    first = datetime(2024, 1, 1, 6)
    months: dict[str, list[str]] = {}
    for number in range(ORDERS):
        at = first + timedelta(hours=6 * number)
        town = ("Köln", "Wien")[number % 2]
        line = f"{at:%Y-%m-%dT%H:%M:%S},{'abc'[number % 3]},{town},{number % 7 - 1}.50"
        months.setdefault(f"{at:%Y-%m}", []).append(line)
    for month, lines in months.items():
        text = "\n".join(["at,shop,town,amount", *lines]) + "\n"
        (folder / "data" / "orders" / f"{month}.csv").write_text(text, encoding="utf-8")
    return folder


def build(folder: Path) -> None:
    """Here: a process of its own would first load all for a second or two."""
    with Lapwing.open(folder) as lapwing:
        lapwing.cache.build().checked()


@dataclass(frozen=True)
class Server:
    """A running `lapwing serve`."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Its exit code."""
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def serving(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """`lapwing serve` on the project, in a process of its own, answering."""
    port, log = free_port(), folder / f"serve-{time.monotonic_ns()}.log"
    command: list[str | Path] = [COMMAND, "-p", folder, "serve", "--port", str(port), *arguments]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **(environment or {})})
    server = Server(port, process, log)
    try:
        _wait(server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(server: Server) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if server.process.poll() is not None:
            raise AssertionError(f"lapwing serve ended: {server.log.read_text()}")
        try:
            requests.get(f"{server.address}/api/health", timeout=2)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"lapwing serve is not ready: {server.log.read_text()}")
