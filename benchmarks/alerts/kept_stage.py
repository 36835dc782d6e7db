"""The first look at every slice, kept: what one more bucket takes when it goes on from what it remembers, and anew.

A cube of so many slices (a hundred parents, the others by two dimensions) stands in for a store, so that no reading is
counted but what the first look does with what is read: numbering slices, laying arrays, digests, the screen. What is kept
goes into a state database on disk, and is read back for each bucket as after a restart.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.alerts import screens
from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.measured import Measured
from lapwing.alerts.season import slots, tuning
from lapwing.alerts.state import StateDatabase
from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.alerts.sweep.kept import Remembered, Remembering, look
from lapwing.alerts.sweep.looked import Looked
from lapwing.alerts.sweep.parts import Part
from lapwing.alerts.sweep.reading import Key, Panel, Reader, Rows
from lapwing.alerts.sweep.setting import Setting
from lapwing.alerts.tables import RunRow
from lapwing.model.grain import Grain

MONDAY = 1_704_067_200_000_000
STEPS = {"day": 86_400_000_000, "hour": 3_600_000_000}
CUBOIDS: list[Cuboid] = [("a",), ("b",), ("a", "b")]
PARENTS = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made(Reader):
    """Counts by `a` (a hundred values) and `b`, made when they are asked for; `spent`: seconds that took."""

    means: npt.NDArray[np.float32]
    spent: list[float] = field(default_factory=list)

    @staticmethod
    def of(series: int, grain: str, buckets: int) -> Made:
        means = np.random.default_rng(1).lognormal(4.5, 0.7, (PARENTS, series // PARENTS)).astype(np.float32)
        return Made(
            lapwing=None,  # type: ignore[arg-type]
            plan=Measured(kind=Kind.COUNT, amount="x.events", exposure=None, ratio=False),
            counted="x.events",
            within=(),
            grain=Grain.parse(grain),
            zone="UTC",
            borders=MONDAY + STEPS[grain] * np.arange(buckets + 1, dtype=np.int64),
            blank=(0.0, 1.0),
            means=means,
        )

    def bucket(self, at: int) -> Floats:
        """(A, B): as they are at each call."""
        noise = np.random.default_rng((2, at)).standard_normal(self.means.shape, np.float32)
        return np.maximum(np.rint(self.means + np.sqrt(self.means) * noise), 0).astype(np.float64)

    def whole(self, buckets: int) -> Panel:
        amount = np.array([[self.bucket(at).sum() for at in range(buckets)]])
        return Panel(amount, np.ones_like(amount), None)

    def totals(self, by: Cuboid, first: int, last: int) -> tuple[list[Any], Floats]:
        begun = time.process_time()
        means = self.means.astype(np.float64) * (last - first)
        of = _along(means, by)
        columns = self._columns(by)
        self.spent.append(time.process_time() - begun)
        return columns, of

    def rows(self, by: Cuboid, first: int, last: int, only: Sequence[Key] | None = None) -> Rows:
        begun = time.process_time()
        amounts = np.stack([_along(self.bucket(at), by) for at in range(first, last)], axis=1)
        columns = self._columns(by)
        self.spent.append(time.process_time() - begun)
        return Rows(columns, Panel(amounts, None, amounts))

    def _columns(self, by: Cuboid) -> list[Any]:
        sizes = dict(zip("ab", self.means.shape, strict=True))
        places = np.indices([sizes[name] for name in by]).reshape(len(by), -1)
        names = {name: pa.array([f"{name}{n:06}" for n in range(sizes[name])]) for name in by}
        return [pa.chunked_array([names[name].take(pa.array(of))]) for name, of in zip(by, places, strict=True)]


def _along(cube: Floats, by: Cuboid) -> Floats:
    """Of (A, B), the slices of a combination."""
    out: Floats = cube.sum(1) if by == ("a",) else cube.sum(0) if by == ("b",) else cube.ravel()
    return out


def run(*, small: bool) -> list[dict[str, Any]]:
    """Prints the table."""
    scale = 20 if small else 1
    cases = [("day", 100_000, 56), ("day", 1_000_000, 56), ("hour", 100_000, 672)]
    print("\nThe first look, kept: processor seconds without reading rows, of all the past and of one more bucket")
    print("Seconds of the database are those on the wall, to read what is remembered and to keep what changed")
    print(
        f"  {'grain':>5} {'slices':>9} {'buckets':>7} {'anew s':>8} {'one more s':>10} {'ratio':>7} {'database s':>13}"
        f" {'newest MB':>9} {'bytes/slice':>11} {'written MB':>10} {'all kept MB':>11} {'peak MB':>8}"
    )
    found = []
    for grain, series, buckets in cases:
        with tempfile.TemporaryDirectory() as folder:
            row = measured(grain, series // scale, buckets, Path(folder) / "state.db")
        found.append(row)
        print(
            f"  {grain:>5} {row['slices']:>9,} {buckets:>7} {row['anew_s']:>8.1f} {row['more_s']:>10.2f}"
            f" {row['anew_s'] / row['more_s']:>6.0f}x {row['database_s']:>13.2f} {row['newest_mb']:>9.1f}"
            f" {row['bytes_a_slice']:>11.0f} {row['written_mb']:>10.1f} {row['kept_mb']:>11.1f} {row['peak_mb']:>8,.0f}"
        )
    return found


def measured(grain: str, series: int, buckets: int, path: Path) -> dict[str, Any]:
    """One row of the table."""
    state = StateDatabase(path)
    with state.changing() as session:
        session.add(RunRow(monitor="m", definition="", data="", covered=0, finished=0, series=0, judged=0, arrays=b""))
    reader = Made.of(series, grain, buckets + 1)
    whole = reader.whole(buckets + 1)
    anew, _, new = _looked(reader, whole, buckets, state)
    _kept(state, new)
    more, database, new = _looked(reader, whole, buckets + 1, state)
    written = sum(len(data) for parts in new.made.values() for data in parts.values())
    begun = time.perf_counter()
    _kept(state, new)
    database += time.perf_counter() - begun
    newest = _newest(state, buckets + 1)
    kept = path.stat().st_size
    state.close()
    return {
        "grain": grain,
        "slices": series,
        "buckets": buckets,
        "anew_s": anew,
        "more_s": more,
        "database_s": database,
        "newest_mb": newest / 1e6,
        "bytes_a_slice": newest / series,
        "written_mb": written / 1e6,
        "kept_mb": kept / 1e6,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def _looked(reader: Made, whole: Panel, buckets: int, state: StateDatabase) -> tuple[float, float, Remembering]:
    """Processor seconds without making rows, seconds that the database was read, and what is to be kept."""
    spent = [0.0]

    def parts(wanted: Iterable[Part]) -> Mapping[str, bytes]:
        begun = time.perf_counter()
        found = state.journal.screen("m", wanted)
        spent[0] += time.perf_counter() - begun
        return found

    grain = reader.grain
    setting = Setting(
        tuning=tuning(grain),
        slots=slots(reader.borders[:buckets], grain, ZoneInfo("UTC"))[0],
        judged=np.ones(buckets, bool),
        complete=buckets,
        support=20.0,
        depth=2,
        threshold=3.75,
    )
    reader.spent.clear()
    begun = time.process_time()
    remembered = Remembered(state.journal.screens("m"), parts)
    seen: Looked
    seen, new = look(reader, CUBOIDS, whole.part(0, buckets), setting, remembered, buckets - 1)
    taken = time.process_time() - begun - sum(reader.spent)
    assert seen.watching[-1] > 0
    return taken, spent[0], new


def _kept(state: StateDatabase, new: Remembering) -> None:
    with state.changing() as session:
        screens.keep(session, "m", new)


def _newest(state: StateDatabase, at: int) -> int:
    """Bytes of all that is remembered after so many buckets."""
    import sqlalchemy as sa

    from lapwing.alerts.tables import ScreenRow

    with state.session() as session:
        chosen = sa.select(ScreenRow.part, sa.func.max(ScreenRow.buckets), sa.func.length(ScreenRow.data))
        rows = session.execute(chosen.where(ScreenRow.buckets <= at).group_by(ScreenRow.part)).all()
    return sum(size for _, _, size in rows)
