"""The stores beside each other: memory, LMDB, and Bigtable's emulator.

    python -m benchmarks.stores [--small] [--json FILE]

100,000 rows (10,000 with --small) under keys like a rollup's, with values like its chunks: 30 days of hours of two
measures, 3 KB, that zstd makes about half. Keys are drawn anew for each call. What is read is compared with what was
written before anything is timed. The emulator is one process on this machine: it shows what our side of Bigtable costs,
and nothing of how the service itself scales or of the network to it.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import numpy as np
from tests.services.bigtable import bigtable

from benchmarks.report import Timing, arguments, show_beside, timed
from lapwing.cache.chunk import pack
from lapwing.cache.keys import chunk_key, encode_values, prefix_end, rollup_prefix
from lapwing.cache.layout import Stored
from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore
from lapwing.model.project import StoreConfig

HOURS = 720
PREFIX = rollup_prefix(b"rollup01", 1)
BATCH, SCANNED = 1_000, 1_000
RANGE = 10
"""Rows of one group: its partitions."""


def main() -> None:
    """Fills the stores, checks that they agree, and times them."""
    options = arguments("Stores of rollups: reads, scans, writes, compare-and-set.")
    total = 10_000 if options.small else 100_000
    rows = made(total)
    with ExitStack() as stack:
        stores = opened(stack)
        filled = {name: filling(store, rows) for name, store in stores.items()}
        agree(list(stores.values()), rows)
        operations = {
            f"get of {keys:,} key{'s' * (keys > 1)}": [
                getting(name, store, rows, keys) for name, store in stores.items()
            ]
            for keys in (1, 10, 100, 1_000)
        }
        operations[f"range of {RANGE} rows"] = [ranging(name, store, rows) for name, store in stores.items()]
        operations[f"scan of {SCANNED:,} rows"] = [scanning(name, store, rows) for name, store in stores.items()]
        operations[f"put of {BATCH:,} rows"] = [putting(name, store, rows) for name, store in stores.items()]
        operations["compare-and-set, 2 KB"] = [setting(name, store) for name, store in stores.items()]
        facts = {
            "rows": f"{total:,} of {np.mean([len(value) for _, value in rows]):,.0f} bytes",
            **{f"{name} filled": f"{total / seconds:,.0f} rows/s" for name, seconds in filled.items()},
        }
        show_beside("Stores of rollups", operations, facts, options.json)


def made(total: int) -> list[tuple[bytes, bytes]]:
    """Chunks in the order of their keys."""
    generator = np.random.default_rng(11)
    buckets = np.arange(HOURS)
    values = []
    for _ in range(200):  # as many different ones; making each anew would take longer than all else
        daily = 300 + 250 * np.sin(buckets / 24 * 2 * np.pi)
        columns = [generator.poisson(daily).astype("<i8"), (generator.poisson(daily) * 125).astype("<i8")]
        values.append(pack(buckets, [Stored("<i8")] * len(columns), columns))
    keys = (chunk_key(PREFIX, encode_values([f"account{i:07}"]), 1_743_465_600_000_000) for i in range(total))
    return [(key, values[i % len(values)]) for i, key in enumerate(keys)]


def opened(stack: ExitStack) -> dict[str, RollupStore]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    os.environ["BIGTABLE_EMULATOR_HOST"] = stack.enter_context(bigtable()).address
    configs = {
        "LMDB": StoreConfig(type="lmdb", path=folder / "store"),
        "memory": StoreConfig(type="memory"),
        "Bigtable": StoreConfig(type="bigtable", instance="projects/bench/instances/bench", table="bench"),
    }
    stores = {name: open_store(config) for name, config in configs.items()}
    for store in stores.values():
        stack.callback(store.close)
    return stores


def filling(store: RollupStore, rows: Sequence[tuple[bytes, bytes]]) -> float:
    began = time.perf_counter()
    store.put(rows)
    return time.perf_counter() - began


def agree(stores: Sequence[RollupStore], rows: Sequence[tuple[bytes, bytes]]) -> None:
    some = rows[:: max(1, len(rows) // 500)]
    for store in stores:
        if store.get([key for key, _ in some]) != [value for _, value in some]:
            raise SystemExit(f"{type(store).__name__} does not give what it was given.")
        if list(store.scan(PREFIX, rows[200][0])) != list(rows[:200]):
            raise SystemExit(f"{type(store).__name__} does not scan what it was given.")


def drawn(rows: Sequence[tuple[bytes, bytes]], size: int) -> Callable[[int], list[bytes]]:
    """The keys of call number i."""
    generator = np.random.default_rng(size)
    draws = [[rows[place][0] for place in generator.choice(len(rows), size)] for _ in range(64)]
    return lambda i: draws[i % len(draws)]


def getting(name: str, store: RollupStore, rows: Sequence[tuple[bytes, bytes]], size: int) -> Timing:
    keys = drawn(rows, size)
    return timed(name, lambda i: store.get(keys(i)), 20 if size >= 1_000 else 200)


def ranging(name: str, store: RollupStore, rows: Sequence[tuple[bytes, bytes]]) -> Timing:
    def read(i: int) -> int:
        at = (i * 997) % (len(rows) - RANGE)
        return sum(1 for _ in store.scan(rows[at][0], rows[at + RANGE][0]))

    return timed(name, read, 200)


def scanning(name: str, store: RollupStore, rows: Sequence[tuple[bytes, bytes]]) -> Timing:
    def scan(i: int) -> int:
        first = rows[(i * 997) % (len(rows) - SCANNED)][0]
        found = 0
        for _ in store.scan(first, prefix_end(PREFIX)):
            found += 1
            if found == SCANNED:
                break
        return found

    return timed(name, scan, 20)


def putting(name: str, store: RollupStore, rows: Sequence[tuple[bytes, bytes]]) -> Timing:
    def put(i: int) -> None:
        start = (i * BATCH) % len(rows)
        store.put((b"\x02" + key, value) for key, value in rows[start : start + BATCH])

    return timed(name, put, 15, warm=2)


def setting(name: str, store: RollupStore) -> Timing:
    numbers = count()
    held: list[bytes | None] = [None]

    def change(_: int) -> None:
        new = b"%08d" % next(numbers) * 250
        if not store.compare_and_set(b"\x03manifest", held[0], new):
            raise SystemExit(f"{name} lost a race against nobody.")
        held[0] = new

    return timed(name, change, 100)


if __name__ == "__main__":
    main()
