"""A monitor of every slice that is brought up to its data by what is new is what a whole replay finds, over a real store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.alerts.shop import open_alerts
from tests.alerts.sweep.market import PROJECT, SLICE_DAYS, build, events, make, write
from tests.alerts.test_resume import same

from lapwing.alerts.service import Alerts
from lapwing.alerts.sweep.judging import judge_any
from lapwing.alerts.sweep.reading import Reader
from lapwing.query.service import Lapwing

DAY = timedelta(days=1)
MARCH = date(2024, 3, 1)
DAMAGES = ("update run_screen set data = zeroblob(length(data))", "delete from run_screen where part like 'slots%'")
Reads = list[tuple[int, int]]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """Which buckets of all slices of a combination were read."""
    out: Reads = []
    rows, totals = Reader.rows, Reader.totals

    def spied(self, by, first, last, only=None):  # type: ignore[no-untyped-def]
        if only is None:
            out.append((first, last))
        return rows(self, by, first, last, only)

    def spied_totals(self, by, first, last):  # type: ignore[no-untyped-def]
        out.append((first, last))
        return totals(self, by, first, last)

    monkeypatch.setattr(Reader, "rows", spied)
    monkeypatch.setattr(Reader, "totals", spied_totals)
    return out


def as_replayed(lapwing: Lapwing, alerts: Alerts, reads: Reads) -> Reads:
    """What is kept is what a whole replay finds; what was read for it."""
    reads.clear()
    alerts.replay()
    read = list(reads)
    (known,) = [one.judged for one in alerts.known()]
    fresh = judge_any(lapwing, known.monitor)
    same(known, fresh)
    assert known.slices == fresh.slices
    assert known.episodes == fresh.episodes
    assert known.swept == fresh.swept
    if known.many is not None:
        assert fresh.many is not None
        np.testing.assert_array_equal(known.many, fresh.many)
    return read


def damage(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount > 0


def until(root: Path, end: date, table: pa.Table | None = None) -> None:
    """The market as it is at the beginning of a day: files of months that are over stay as they are."""
    (root / "lapwing.yaml").write_text(PROJECT.format(now=end.isoformat()))
    write(root, events(first=MARCH, end=end) if table is None else table)
    build(root)


@pytest.mark.long
def test_days_come_in(tmp_path: Path, reads: Reads) -> None:
    """One after the other, through restarts, damage, and numbers of the past that were corrected."""
    root = make(tmp_path / "market", events(end=SLICE_DAYS[0]), now=SLICE_DAYS[0])
    with Lapwing.open(root) as lapwing:
        open_alerts(lapwing, root / "state.db").replay()
    for number, statement in enumerate(("", *DAMAGES), 1):
        if statement:
            damage(root / "state.db", statement)
        until(root, SLICE_DAYS[0] + number * DAY)
        with Lapwing.open(root) as lapwing:
            read = as_replayed(lapwing, open_alerts(lapwing, root / "state.db"), reads)
        # What is damaged is looked at anew; else partitions that stayed as they were are not read.
        assert (min(read)[0] == 0) == bool(statement)
    write(root, events(first=date(2024, 2, 1), end=MARCH, seed=8))
    build(root)
    with Lapwing.open(root) as lapwing:
        as_replayed(lapwing, open_alerts(lapwing, root / "state.db"), reads)
