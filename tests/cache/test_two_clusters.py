"""Two clusters: one is built in, the other answers, and what arrives there late or in any order never makes a number smaller."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cache.project import opened, row, write_project, write_rows
from tests.cache.test_build import SMALL, moment
from tests.cache.test_service import request
from tests.services.base import running
from tests.services.bigtable import Bigtable
from tests.services.bigtable_replica import Replica, at

from lapwing.cache.answer import Answered, Missed
from lapwing.cache.keys import jobs_prefix, manifests_prefix, namespace_prefix
from lapwing.cache.service import Cache
from lapwing.cache.stores import open_store
from lapwing.cache.stores.bigtable_table import ROWS, Address
from lapwing.model.problem import StoreError
from lapwing.model.project import Project, StoreConfig

INSTANCE = "projects/test/instances/test"
YEAR = (1_356_998_400_000_000, 1_388_534_400_000_000)
MONTHS = (1, 2, 3)
SHOPS = 80
"""Enough for slabs."""
WHOLE = len(MONTHS) * SHOPS


class Clusters:
    """The project's cache in both; `answer` is what the second one says from its rollups: all trips, or None."""

    def __init__(
        self, root: Path, first: tuple[Project, Cache], second: tuple[Project, Cache], replica: Replica
    ) -> None:
        self.root, self.replica = root, replica
        self.build = first[1].build
        self._project, self.second = second
        self.told = ""

    def answer(self, by: tuple[str, ...] = ("shop",)) -> int | None:
        bound = self.second._sql.bind(self._project.datasets["trips"])
        asked = request(bound, None, "UTC", *YEAR, by=by, measures=("trips",))
        found = self.second.answer(asked)
        if isinstance(found, Missed):
            self.told = " ".join(reason.says for one in found.considered for reason in one.reasons)
            return None
        assert isinstance(found, Answered)
        assert {piece.by for piece in found.pieces} == {"rollup"}
        return int(found.frame.states["trips"][next(iter(found.frame.states["trips"]))].sum())

    def add(self, name: str, month: int, count: int) -> None:
        write_rows(self.root, name, [row(moment(month), f"shop {i % SHOPS}") for i in range(count)])


@pytest.fixture(name="second_server", scope="module")
def _second_server(bigtable_server: Bigtable) -> Iterator[Bigtable]:
    with running(Bigtable) as server:
        yield server


@pytest.fixture(name="clusters")
def _clusters(
    tmp_path: Path, bigtable_server: Bigtable, second_server: Bigtable, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Clusters]:
    write_project(tmp_path, dataset=SMALL)
    for number in MONTHS:
        write_rows(tmp_path, f"2013-{number:02}", [row(moment(number), f"shop {shop}") for shop in range(SHOPS)])
    monkeypatch.setattr("lapwing.cache.manifest_rows._INLINE", 0)  # so that manifests have leaves in rows of their own
    config = StoreConfig(type="bigtable", instance=INSTANCE, table=f"t{uuid.uuid4().hex[:12]}")
    address = Address(instance=INSTANCE, table=str(config.table))
    with ExitStack() as stack:
        with at(bigtable_server.address):
            first = stack.enter_context(opened(tmp_path, open_store(config)))
        first[1].build().checked()
        replica = Replica(bigtable_server.address, second_server.address, address)
        stack.callback(replica.close)
        replica.deliver(replica.behind())
        with at(second_server.address):
            second = stack.enter_context(opened(tmp_path, open_store(replace(config, read_only=True))))
        yield Clusters(tmp_path, first, second, replica)


def is_manifest(key: bytes) -> bool:
    return key.startswith(ROWS + manifests_prefix())


def kind(key: bytes) -> str:
    """Of a row of a version, or of a manifest's leaf."""
    own = key.removeprefix(ROWS + namespace_prefix())
    if own[:1] == b"v":
        return {b"d": "directory", b"s": "slab", b"t": "vocabulary"}[own[17:18]]
    return {b"c": "chunk", b"l": "leaf"}[own[:1]]


def test_a_manifest_that_comes_before_its_chunks_is_no_answer(clusters: Clusters) -> None:
    assert clusters.answer() == WHOLE
    clusters.add("more", 1, 6)
    clusters.build().checked()
    assert clusters.answer() == WHOLE
    behind = clusters.replica.behind()
    clusters.replica.deliver(filter(is_manifest, behind))
    assert clusters.answer() is None
    assert "has not arrived in this cluster" in clusters.told
    clusters.replica.deliver(clusters.replica.behind())
    assert clusters.answer() == WHOLE + 6


def test_whichever_row_of_a_build_comes_last_until_then_the_answer_is_whole_or_none(clusters: Clusters) -> None:
    kinds = []
    for number in range(8):
        clusters.add(f"more {number}", 2, 9)
        clusters.build().checked()
        first, second = clusters.replica.rows()
        new = [
            key
            for key in clusters.replica.behind()
            if key in first and key not in second and not key.startswith(ROWS + jobs_prefix())
        ]
        by_kind = {kind(key): key for key in new}
        late = by_kind[sorted(by_kind)[number % len(by_kind)]]
        kinds.append(kind(late))
        clusters.replica.deliver(key for key in clusters.replica.behind() if key != late)
        whole = WHOLE + 9 * (number + 1)
        assert {clusters.answer(), clusters.answer(by=())} <= {None, whole}
        clusters.replica.deliver([late])
        assert (clusters.answer(), clusters.answer(by=())) == (whole, whole)
    assert set(kinds) == {"chunk", "directory", "leaf", "slab", "vocabulary"}


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_come_in_any_order_are_one_build_or_the_next(clusters: Clusters, seed: int) -> None:
    chance = random.Random(seed)
    totals = [WHOLE]
    latest, answered, missed = 0, 0, 0
    for turn in range(8):
        count = chance.randrange(1, 30)
        clusters.add(f"more {turn}", chance.choice(MONTHS), count)
        clusters.build().checked()
        totals.append(totals[-1] + count)
        behind = clusters.replica.behind()
        chance.shuffle(behind)
        part = behind if turn == 7 else behind[: chance.randrange(len(behind) + 1)]
        while part:
            step = chance.randrange(1, 30)
            clusters.replica.deliver(part[:step])
            part = part[step:]
            found = clusters.answer()
            if found is None:
                missed += 1
                continue
            answered += 1
            assert totals.index(found) >= latest
            latest = totals.index(found)
    clusters.replica.deliver(clusters.replica.behind())
    assert clusters.answer() == totals[-1]
    assert answered
    assert missed


def test_who_answers_in_the_second_cluster_writes_nothing_there(clusters: Clusters) -> None:
    clusters.add("more", 1, 6)
    clusters.build().checked()
    clusters.replica.deliver(filter(is_manifest, clusters.replica.behind()))
    before = clusters.replica.rows()[1]
    for _ in range(3):
        assert clusters.answer() is None
    clusters.second.questions.flush()
    assert clusters.replica.rows()[1] == before
    clusters.replica.deliver(clusters.replica.behind())
    before = clusters.replica.rows()[1]
    clusters.add("again", 1, 6)
    with pytest.raises(StoreError) as caught:
        clusters.second.build().checked()
    assert {one.code for one in caught.value.problems} == {"store-read-only"}
    assert clusters.replica.rows()[1] == before
