"""Several rollups and the source together: whatever is built, and whatever lacks, the answer is the source's, and each
moment of each measure comes from one of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.cache.project import DATASET, opened, write_project, write_rows
from tests.cache.test_service import FILTERS, GRAINS, MEASURES, ZONES, finals, request, rows

from lapwing.cache import route as routing
from lapwing.cache.answer import Answered, Missed
from lapwing.cache.definition import define
from lapwing.cache.ledger import Ledger
from lapwing.cache.request import StateRequest, Terms
from lapwing.cache.service import Cache
from lapwing.model import calendar
from lapwing.model.project import Project
from lapwing.sql.bound import BoundDataset

HOUR = 3_600_000_000
NEW_YEAR = 1_356_998_400_000_000
POOL = {
    "fine": "{grain: 15 minutes, dimensions: [shop, town, size, far], partition: month}",
    "fine_counts": "{grain: 15 minutes, dimensions: [shop, size], measures: [trips, paid, miles], partition: day}",
    "hours": "{grain: hour, dimensions: [shop, town], measures: [trips, miles, longest, average], partition: week}",
    "days": "{grain: day, dimensions: [shop, town, size, far], partition: month}",
    "day_sums": "{grain: day, dimensions: [shop], measures: [miles, money, weight], partition: month}",
    "total": "{grain: 30 minutes, dimensions: [], partition: year}",
}
DIMENSIONS = ["shop", "town", "size", "far"]

WINDOWS = st.tuples(st.integers(0, 60), st.integers(10, 90))
QUESTION = st.fixed_dictionaries(
    {
        "grain": st.sampled_from([*GRAINS, None]),
        "zone": st.sampled_from(ZONES),
        "by": st.lists(st.sampled_from(["shop", *DIMENSIONS]), unique=True, max_size=2),
        "where": st.sampled_from([None, None, None, *FILTERS]),
        "start": st.integers(-50, 1900),
        "hours": st.integers(1, 1500),
        "minutes": st.sampled_from([0, 0, 15, 5]),
        "measures": st.lists(st.sampled_from(MEASURES), min_size=1, max_size=3, unique=True),
    }
)


@contextmanager
def project_of(rollups: list[str]) -> Iterator[tuple[Path, Project, Cache]]:
    kept = "\n".join(f"  {name}: {POOL[name]}" for name in rollups)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        write_project(root, dataset=f"{DATASET[: DATASET.index('rollups:')]}rollups:\n{kept}\n")
        write_rows(root, "first", rows(1, 400))
        with opened(root) as (project, cache):
            yield root, project, cache


def ledger_of(project: Project, cache: Cache, name: str) -> Ledger:
    dataset = project.datasets["trips"]
    return Ledger.of(cache._store, define(cache.bound("trips"), dataset.rollups[name], project.timezone))


def asked_of(bound: BoundDataset, asked: dict[str, object]) -> StateRequest:
    start = NEW_YEAR + int(asked["start"]) * HOUR + int(asked["minutes"]) * 60_000_000  # type: ignore[call-overload]
    end = start + int(asked["hours"]) * HOUR  # type: ignore[call-overload]
    return request(
        bound,
        asked["grain"],  # type: ignore[arg-type]
        asked["zone"],  # type: ignore[arg-type]
        start,
        end,
        by=tuple(asked["by"]),  # type: ignore[arg-type]
        where=asked["where"],  # type: ignore[arg-type]
        measures=tuple(asked["measures"]),  # type: ignore[arg-type]
    )


def moment(text: str) -> int:
    return calendar.to_us(datetime.fromisoformat(text).replace(tzinfo=UTC))


def assert_tiled(answered: Answered, asked: StateRequest) -> None:
    """Every measure has all of the asked time once."""
    for measure in asked.measures:
        found = sorted(
            (moment(start.rstrip("Z")), moment(end.rstrip("Z")))
            for piece in answered.pieces
            if measure in piece.measures
            for start, end in piece.stretches
        )
        assert (found[0][0], found[-1][1]) == (int(asked.edges[0]), int(asked.edges[-1]))
        assert all(one[1] == other[0] for one, other in pairwise(found)), found


def assert_same(cache: Cache, asked: StateRequest, terms: Terms) -> bool:
    """Whether a rollup had a part in the answer, which is the source's."""
    found, direct = cache.answer(asked, terms), cache.from_source(asked, time_limit=30)
    if isinstance(found, Missed):
        return False
    assert finals(asked.bound, found).equals(finals(asked.bound, direct))
    assert found.frame.groups.equals(direct.frame.groups)
    assert_tiled(found, asked)
    assert any(one.chosen for one in found.considered)
    return True


def check(
    rollups: list[str],
    builds: list[tuple[int, tuple[int, int]]],
    bad: list[int],
    seed: int,
    questions: list[dict[str, object]],
) -> None:
    with project_of(rollups) as (root, project, cache):
        for number, (day, days) in builds:
            start = NEW_YEAR + day * 24 * HOUR
            cache.build(f"trips.{rollups[number % len(rollups)]}", start=start, end=start + days * 24 * HOUR)
        for number in bad:
            ledger = ledger_of(project, cache, rollups[number % len(rollups)])
            partitions = ledger.read().partitions
            if partitions:
                ledger.quarantine(partitions[number % len(partitions)].start, "a test")
        bound = cache._sql.bind(project.datasets["trips"])
        for one in questions:
            assert_same(cache, asked_of(bound, one), Terms())
        # Late rows, and rows after all that was built: what is kept has to be as the source has it now.
        late = [row | {"at": row["at"] + timedelta(days=random.Random(seed).choice([0, 20]))} for row in rows(seed, 40)]  # type: ignore[operator]
        write_rows(root, "second", late)
        bound = cache._sql.bind(project.datasets["trips"])
        for one in questions:
            assert_same(cache, asked_of(bound, one), Terms(staleness=0.0))
            alone = cache.answer(asked_of(bound, one), Terms(source=False))
            assert all(piece.by == "rollup" for piece in alone.pieces) if isinstance(alone, Answered) else True


EXAMPLES = given(
    rollups=st.lists(st.sampled_from(list(POOL)[1:]), min_size=1, max_size=4, unique=True).map(
        lambda more: ["fine", *more]
    ),
    builds=st.lists(st.tuples(st.integers(0, 30), WINDOWS), min_size=3, max_size=8),
    bad=st.lists(st.integers(0, 20), max_size=2),
    seed=st.integers(2, 99),
    questions=st.lists(QUESTION, min_size=4, max_size=8),
)


@settings(max_examples=4, derandomize=True, phases=[Phase.generate])
@EXAMPLES
def test_together_they_answer_as_the_source_does(**given_: object) -> None:
    check(**given_)  # type: ignore[arg-type]


@pytest.mark.long
@settings(max_examples=150, phases=[Phase.generate])
@EXAMPLES
def test_together_they_answer_as_the_source_does_at_length(**given_: object) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(routing, "WORTH_PLANNING", 0.0)
        check(**given_)  # type: ignore[arg-type]
