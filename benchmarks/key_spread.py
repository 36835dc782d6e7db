"""How the keys of a real rollup spread over tablets, and whether a salt would spread them better.

    python -m benchmarks.key_spread [--small] [--json FILE]

The ads example, 1 million events (100,000 with --small), is built into LMDB. Its rows are then laid over the tablets of a
table that was cut (a) where rollups begin, (b) where the versions of the first build begin, too, and (c) at the sixteen
values of a salt, a hash of the group that stands before the version. Told is how much of the rows, of the bytes, of the reads
and of the writes meets in the busiest tablet. Reads are questions about the last 28 days, of a group as often as it has data;
writes are looked at in the order of a build: the next thousand rows of each of four builders. What a salt costs is measured
in LMDB: all groups of a partition read at once, and a version removed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from shutil import copytree

import numpy as np
import xxhash

from benchmarks.report import arguments, timed
from lapwing.cache.definition import Definition
from lapwing.cache.keys import prefix_end, rollup_prefix
from lapwing.cache.partition import Partition
from lapwing.cache.stores.lmdb import LmdbStore
from lapwing.model.calendar import DAY
from lapwing.query.service import Lapwing
from lapwing.query.spread import splits

SALTS = 16
BUILDERS, BATCH = 4, 1_000
ADS = Path(__file__).parent.parent / "examples" / "ads"

Rows = list[tuple[bytes, bytes]]


def main() -> None:
    """Builds, lays out, tells."""
    options = arguments("How keys spread over tablets.")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "ads"
        copytree(ADS, root, ignore=lambda *_: ["data", ".lapwing"])
        events = "100000" if options.small else "1000000"
        subprocess.run(
            [sys.executable, ADS / "generate.py", "--events", events, "--out", root / "data"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with Lapwing.open(root) as lapwing:
            lapwing.cache.build().checked()
            figures = [spread(lapwing, one) for one in ("ads.main", "ads.campaigns")]
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def spread(lapwing: Lapwing, name: str) -> dict[str, object]:
    """The figures of one rollup, printed."""
    (definition,) = (one for one in lapwing.cache.definitions("ads") if one.name == name)
    manifest = lapwing.cache._manifests.read([definition])[definition.manifest_key]
    assert manifest is not None
    partitions = manifest.partitions
    versions = [rows_of(lapwing, definition, partition) for partition in partitions]
    rows = [row for version in versions for row in version]
    weights = reads_of(lapwing, definition, [one for one in partitions if one.end > partitions[-1].data_end - 28 * DAY])
    at = len(rollup_prefix(definition.id))

    def salted(key: bytes) -> bytes:
        return key[:at] + bytes([salt(key[at + 8 : -8])]) + key[at:]

    wanted = splits(lapwing)
    layouts: dict[str, tuple[Sequence[bytes], Callable[[bytes], bytes]]] = {
        "rollups": ([key for key in wanted if len(key) == at], lambda key: key),
        "versions": (wanted, lambda key: key),
        f"{SALTS} salts": (
            sorted({*(key for key in wanted if len(key) == at), *(key_of(definition, i) for i in range(1, SALTS))}),
            salted,
        ),
    }
    size = sum(len(value) for _, value in rows)
    print(f"\n{name}: {len(rows):,} rows, {size:,} bytes, {len(versions)} partitions")
    print(
        f"  {'cut at':10} {'tablets':>7}  {'rows':>6} {'bytes':>6} {'reads':>6} {'writes':>6}   in the busiest tablet"
    )
    told: dict[str, object] = {"rollup": name, "rows": len(rows), "bytes": size}
    for layout, (cut, key_in) in layouts.items():
        tablet = tablet_of(sorted(cut), key_in)
        shares = {
            "rows": most(Counter(tablet(key) for key, _ in rows)),
            "bytes": most(weighed((tablet(key), len(value)) for key, value in rows)),
            "reads": most(weighed((tablet(key), weight) for key, weight in weights)),
            "writes": writing(versions, tablet),
        }
        tablets = len({tablet(key) for key, _ in rows})
        told[layout] = {"tablets": tablets, **shares}
        print(f"  {layout:10} {tablets:7}  " + " ".join(f"{one:6.0%}" for one in shares.values()))
    told["cost"] = costs(max(versions, key=len), salted, at)
    return told


def salt(group: bytes) -> int:
    return xxhash.xxh32_intdigest(group) % SALTS


def key_of(definition: Definition, number: int) -> bytes:
    return rollup_prefix(definition.id) + bytes([number])


def rows_of(lapwing: Lapwing, definition: Definition, partition: Partition) -> Rows:
    prefix = rollup_prefix(definition.id, partition.version)
    return list(lapwing.cache._store.scan(prefix, prefix_end(prefix)))


def reads_of(lapwing: Lapwing, definition: Definition, partitions: Iterable[Partition]) -> list[tuple[bytes, float]]:
    """The keys of partitions, with how often each is read: as often as its group has data, by its bytes."""
    return [(key, len(value)) for one in partitions for key, value in rows_of(lapwing, definition, one)]


def tablet_of(cut: Sequence[bytes], key_in: Callable[[bytes], bytes]) -> Callable[[bytes], int]:
    return lambda key: bisect_right(cut, key_in(key))


def weighed(pairs: Iterable[tuple[int, float]]) -> Counter[int]:
    found: Counter[int] = Counter()
    for tablet, weight in pairs:
        found[tablet] += weight  # type: ignore[assignment]  # a Counter of floats
    return found


def most(counts: Counter[int]) -> float:
    return max(counts.values()) / sum(counts.values())


def writing(versions: Sequence[Rows], tablet: Callable[[bytes], int]) -> float:
    """The share of rows on their way at once that meet in one tablet, on average: each of four builders has a version."""
    shares: list[float] = []
    for first in range(0, len(versions), BUILDERS):
        under_way = versions[first : first + BUILDERS]
        for start in range(0, max(map(len, under_way)), BATCH):
            batch = [key for rows in under_way for key, _ in rows[start : start + BATCH]]
            shares.append(most(Counter(map(tablet, batch))))
    return float(np.mean(shares))


def costs(rows: Rows, salted: Callable[[bytes], bytes], at: int) -> dict[str, float]:
    """Of a salt, in LMDB: milliseconds to read all of a version, and to remove it."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        for kind, key_in in (("plain", bytes), ("salted", salted)):
            store = LmdbStore(Path(name) / kind)
            made = [(key_in(key), value) for key, value in rows]
            store.put(sorted(made))
            keys = [key for key, _ in made]
            version = rows[0][0][: at + 8]
            prefixes = (
                [version] if kind == "plain" else [version[:at] + bytes([i]) + version[at:] for i in range(SALTS)]
            )
            found[f"{kind} read"] = timed(kind, lambda _, s=store, k=keys: s.get(k), 50).p50  # type: ignore[misc]
            removed = timed(kind, lambda _, s=store, p=prefixes: [s.delete_prefix(one) for one in p], 1, warm=0)  # type: ignore[misc]
            found[f"{kind} remove"] = removed.p50
            store.close()
    print("  " + ", ".join(f"{name} {value:.2f} ms" for name, value in found.items()))
    return found


if __name__ == "__main__":
    main()
