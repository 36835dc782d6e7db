"""Builds in processes of their own: several at once, and killed at any moment."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.cache.project import DATASET, opened, row, write_project, write_rows
from tests.cache.test_build import by_month, versions_stored

MONTHS = range(1, 7)
SMALL = (
    DATASET[: DATASET.index("measures:")]
    + """
measures: {trips: {count: "*"}, miles: {sum: distance}}
rollups:
  main: {grain: hour, dimensions: [shop, size], partition: month}
  total: {grain: hour, dimensions: [], partition: month}
"""
)
BUILD = """
import sys
from pathlib import Path
sys.path.insert(0, {tree!r})
from tests.cache.project import opened
with opened(Path(sys.argv[1]), grace=0.0) as (_, cache):
    print("ready", flush=True)
    while True:
        cache.build(full=True)
        print("built", flush=True)
        if sys.argv[2] == "once":
            break
"""


def write_month(root: Path, month: int, shop: str) -> None:
    first = datetime.fromisoformat(f"2013-{month:02}-02T00:00")
    write_rows(root, f"2013-{month:02}", [row(first + timedelta(minutes=37 * i), shop, i % 50) for i in range(1000)])


def building(root: Path, how: str) -> subprocess.Popen[str]:
    text = BUILD.format(tree=str(Path(__file__).parents[2]))
    process = subprocess.Popen([sys.executable, "-c", text, str(root), how], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, dataset=SMALL)
    for month in MONTHS:
        write_month(tmp_path, month, "a")
    return tmp_path


def test_two_processes_build_at_once(root: Path) -> None:
    processes = [building(root, "once") for _ in range(2)]
    for process in processes:
        process.communicate()
    # One may have been overtaken while it built, which it then says; what is published is whole all the same.
    assert 0 in {process.returncode for process in processes}
    with opened(root) as (project, cache):
        assert by_month(project, cache) == {"a": 6000}
        report = cache.build()
        assert [(one.built, one.unchanged) for one in report.rollups] == [(0, 6), (0, 6)]
        assert cache.build().rollups[0].unchanged == 6


@pytest.mark.long
def test_kill_9_at_any_moment_loses_nothing(root: Path) -> None:
    chance = random.Random(9)
    with opened(root) as (_, cache):
        cache.build()
    shop = "a"
    for round_ in range(25):
        before, shop = shop, "b" if shop == "a" else "a"
        process = building(root, "for ever")
        for month in MONTHS:
            time.sleep(chance.random() / 20)
            write_month(root, month, shop)
        time.sleep(chance.random())
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with opened(root) as (project, cache):
            answer = by_month(project, cache)
            assert answer is not None, round_
            assert sum(answer.values()) == 6000
            assert all(trips % 1000 == 0 for trips in answer.values()), f"a month of {before} and {shop} is mixed"
            cache.build()
            assert by_month(project, cache) == {shop: 6000}
            assert counts_all(cache.build()) == {(0, 6, 0)}
            assert len(versions_stored(cache)) == 6


def counts_all(report: object) -> set[tuple[int, int, int]]:
    from lapwing.cache.progress import BuildReport

    assert isinstance(report, BuildReport)
    return {(one.built, one.unchanged, one.emptied) for one in report.rollups}
