"""Feeds whose arrival is known: made ones, and the ads example by when its events were received."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import numpy.typing as npt

from benchmarks.alerts.replays import EXAMPLES

Floats = npt.NDArray[np.float64]
AGES = 73
"""Hours after its end that an hour's rows are followed."""
HELD = 0.03
"""Of an hour that is held back, what is there all the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Feed:
    """Hours from 1970 on: `total` (H,) rows of each in the end, `there` (H, AGES) those that are in so many hours after its
    end. In `drops` (first and last hour) business really fell; `held` are stretches that came late, and when."""

    name: str
    total: Floats
    there: Floats
    drops: tuple[tuple[int, int], ...]
    held: tuple[tuple[int, int, int], ...]

    def now(self, hour: int) -> Floats:
        """What is there of each hour up to this one, at its end."""
        age = np.minimum(hour - np.arange(hour + 1), AGES - 1)
        return self.there[np.arange(hour + 1), age]


def made(seed: int, days: int) -> Iterator[Feed]:
    """Four ways of arriving, each with two real drops and three stretches that are held back, after it was learned."""
    ways = {
        "in minutes": _spread(0.1),
        "in hours": _spread(1.5),
        "in six-hourly batches": None,
        "with a long tail": _tail,
    }
    for number, (name, way) in enumerate(ways.items()):
        rng = np.random.default_rng((seed, number))
        hours = np.arange(days * 24)
        mean = 400 * (1 + 0.6 * np.sin((hours % 24 - 9) / 24 * 2 * np.pi)) * np.where(hours // 24 % 7 < 2, 0.8, 1.0)
        places = rng.permutation(np.arange(days // 3 + 2, days - 4, 3))[:5] * 24 + rng.integers(0, 24, 5)
        drops = tuple((int(at), int(at) + 10) for at in places[:2])
        for first, last in drops:
            mean[first:last] *= 0.55
        total = rng.poisson(mean).astype(float)
        ages = np.arange(AGES)
        if way is None:  # what is loaded at six, twelve, ... of all that is over by then
            wait = -(hours + 1) % 6
            share = (ages[None, :] >= wait[:, None]).astype(float)
        else:
            share = way(ages[None, :], rng.gamma(8.0, 1 / 8, (len(hours), 1)))
        held = tuple((int(at), int(at) + 5, int(at) + 5 + int(rng.integers(12, 30))) for at in places[2:])
        for first, last, until in held:
            for hour in range(first, last):
                share[hour, : max(0, until - hour - 1)] *= HELD
        there = np.round(total[:, None] * np.maximum.accumulate(share, axis=1))
        there[:, -1] = total
        yield Feed(f"made, {name}", total, there, drops, held)


def _spread(scale: float):  # type: ignore[no-untyped-def]
    return lambda ages, slow: 1 - np.exp(-(ages + 0.3) / (scale * slow))


def _tail(ages: npt.NDArray[np.int64], slow: Floats) -> Floats:
    """Nine tenths in an hour, the rest over two days."""
    return 0.9 * (1 - np.exp(-(ages + 0.5) / (0.3 * slow))) + 0.1 * np.minimum(1.0, ages / 48)


def ads(events: int) -> Feed:
    """The requests of the ads example, with the incidents that it tells of; "late data" is held back, outages are drops."""
    with TemporaryDirectory(prefix="lapwing-ads-") as folder, duckdb.connect() as con:
        command = [sys.executable, str(EXAMPLES / "ads" / "generate.py"), "--events", str(events), "--incidents"]
        subprocess.run([*command, "--out", folder], check=True, capture_output=True)
        return _read(con, Path(folder))


def _read(con: duckdb.DuckDBPyConnection, folder: Path) -> Feed:
    con.execute("set timezone = 'UTC'")
    first, hours = con.execute(
        "select epoch(min(event_time))::bigint // 3600, epoch(max(event_time))::bigint // 3600"
        f" from '{folder}/events/**/*.parquet'"
    ).fetchone() or (0, 0)
    rows = con.execute(
        f"select epoch(event_time)::bigint // 3600 - {first} as hour,"
        " greatest(0, least(72, ceil((epoch(received_at) / 3600) - epoch(event_time)::bigint // 3600 - 1)))::int as age,"
        f" count(*) from '{folder}/events/**/*.parquet' group by all"
    ).fetchnumpy()
    there = np.zeros((int(hours - first) + 1, AGES))
    there[rows["hour"], rows["age"]] = rows["count_star()"]
    there = np.cumsum(there, axis=1)
    happened = (
        con.execute(
            f"select kind, epoch(start_time)::bigint // 3600 - {first}, epoch(end_time)::bigint // 3600 - {first}"
            f" from '{folder}/incidents.parquet'"
        ).fetchall()
        if _has_kind(con, folder)
        else _by_name(con, folder, int(first))
    )
    drops = tuple((int(a), int(b)) for kind, a, b in happened if "outage" in kind)
    held = tuple((int(a), int(b), int(b) + 6) for kind, a, b in happened if "late" in kind and _lacks(there[a:b]))
    return Feed("ads example", there[:, -1], there, drops, held)


def _lacks(there: Floats) -> bool:
    """Half of all is not there at the end of its hour: late data of one slice is no late data of the whole."""
    return bool(np.median(there[:, 0] / np.maximum(there[:, -1], 1)) < 0.5)


def _has_kind(con: duckdb.DuckDBPyConnection, folder: Path) -> bool:
    columns = con.execute(f"describe select * from '{folder}/incidents.parquet'").fetchall()
    return any(column[0] == "kind" for column in columns)


def _by_name(con: duckdb.DuckDBPyConnection, folder: Path, first: int) -> list[tuple[str, int, int]]:
    return con.execute(
        f"select incident, epoch(start_time)::bigint // 3600 - {first}, epoch(end_time)::bigint // 3600 - {first}"
        f" from '{folder}/incidents.parquet'"
    ).fetchall()
