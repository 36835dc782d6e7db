"""kill -9 at every step of a build: before and after each change of the store."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.cache.project import PROJECT, opened, write_project, write_rows
from tests.cache.project import row as a_row
from tests.cache.test_build import SMALL, by_month, counts, moment, versions_stored

from lapwing.cache import build, manifest_rows
from lapwing.cache.ledger import all_ledgers
from lapwing.cache.stores.lmdb import LmdbStore

SPAWN = multiprocessing.get_context("forkserver")
MOST_STEPS = 200
KILLS = 26


class Dies(LmdbStore):
    """Dies before (or after) the step that is number `at`."""

    at = 0
    after = False
    steps = 0

    def _step(self, *, done: bool) -> None:
        if not done:
            Dies.steps += 1
        if Dies.steps == Dies.at and done == Dies.after:
            os.kill(os.getpid(), signal.SIGKILL)

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        self._step(done=False)
        super().put(rows)
        self._step(done=True)

    def delete_prefix(self, prefix: bytes) -> None:
        self._step(done=False)
        super().delete_prefix(prefix)
        self._step(done=True)

    def compare_and_set(self, key: bytes, old: bytes | None, new: bytes | None) -> bool:
        self._step(done=False)
        found = super().compare_and_set(key, old, new)
        self._step(done=True)
        return found


def build_and_die(root: Path, at: int, after: bool, inline: int) -> None:
    manifest_rows._INLINE = inline
    build._QUICK_SECONDS = 0.0  # a partition at a time, each published by itself
    build._PUBLISH_SECONDS = -1.0
    Dies.at, Dies.after = at, after
    with opened(root, Dies(root / ".lapwing" / "store")) as (_, cache):
        cache.build()


def killed(root: Path, at: int, *, after: bool, inline: int) -> bool:
    """Whether a build died at that step; False: it has fewer."""
    process = SPAWN.Process(target=build_and_die, args=(root, at, after, inline))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def restate(root: Path, shop: str) -> None:
    time.sleep(0.01)
    for month in (1, 2, 3):
        write_rows(root, f"2013-{month:02}", [a_row(moment(month, day), shop) for day in (2, 3)])


@pytest.mark.long
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("inline", "versions"), [(256, 0), (0, 0), (256, 2), (0, 2)])
def test_nothing_is_lost_doubled_or_unreadable(tmp_path: Path, inline: int, versions: int, after: bool) -> None:
    """Over all parameters more than 200 kills. `inline` 0: every leaf of the manifest has a row of its own."""
    SPAWN.set_forkserver_preload(["tests.cache.test_kills"])
    write_project(tmp_path, dataset=SMALL, project=PROJECT.replace("{versions: 0}", f"{{versions: {versions}}}"))
    restate(tmp_path, "a")
    with opened(tmp_path) as (_, cache):
        cache.build()
    shop, kills, step = "a", 0, 0
    for _ in range(MOST_STEPS):
        step += 1
        before, shop = shop, "b" if shop == "a" else "a"
        restate(tmp_path, shop)
        if not killed(tmp_path, step, after=after, inline=inline):
            if kills >= KILLS:
                break
            step = 0  # all steps were died at; once more from the first
            continue
        kills += 1
        with opened(tmp_path) as (project, cache):
            answer = by_month(project, cache)
            assert answer is not None, step
            assert sum(answer.values()) == 6, step
            assert all(trips % 2 == 0 for trips in answer.values()), f"a month of {before} and {shop} is mixed"
            cache.build()
            assert by_month(project, cache) == {shop: 6}
            assert counts(cache.build()) == (0, 3, 0)
            assert cache.upkeep.verify().findings == []
            (ledger,) = all_ledgers(cache._store)
            manifest = ledger.read()
            assert (manifest.building, manifest.removing) == ((), ())
            assert len(versions_stored(cache)) <= 3 * (1 + versions)
    assert kills >= KILLS
