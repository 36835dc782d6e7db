"""Random questions, one after the other, with what each leaves behind: the answer is always that of the source."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.query.test_random_rows import DATASET, PROJECT, ROWS, TIMES, WITHOUT_SHRINKING, compare, drawn, write

from lapwing.query.ask import MetricQuery
from lapwing.query.service import Lapwing

PLAIN = DATASET[: DATASET.index("rollups:")]
EXACT = "usual_sizes"  # the top values of a part say less than those of the whole, within the bound that it states


def coarser(query: MetricQuery, chance: random.Random) -> MetricQuery:
    """A question that asks for no more."""
    other = drawn(chance)
    return replace(
        query,
        metrics=tuple(chance.sample(query.metrics, chance.randint(1, len(query.metrics)))),
        by=tuple(chance.sample(query.by, chance.randint(0, len(query.by)))),
        grain=chance.choice([query.grain, other.grain]),
        zone=chance.choice([query.zone, other.zone]),
    )


def check(time: str, first: list[dict[str, object]], late: list[dict[str, object]], seed: int, count: int) -> int:
    """How many of the answers came from by-products."""
    chance, hits = random.Random(seed), 0
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "datasets").mkdir()
        (root / "data" / "events").mkdir(parents=True)
        (root / "lapwing.yaml").write_text(PROJECT + "store: {type: memory}\n")
        (root / "datasets" / "events.yaml").write_text(PLAIN % TIMES[time][0])
        write(root, 0, first, time)
        with Lapwing.open(root) as lapwing:
            for number in range(count):
                if number == count // 2:
                    write(root, 1, late, time)
                    lapwing.cache._answers._spans._known.clear()  # how far data reaches is asked every ten seconds only
                fine = drawn(chance)
                fine = replace(fine, metrics=tuple(m for m in fine.metrics if m != EXACT) or ("events",))
                for query in (fine, *(coarser(fine, chance) for _ in range(3))):
                    compare(lapwing, query)
                    lapwing.cache.settle()
                    hits += {piece.by for piece in lapwing.answer(query).receipt.pieces} == {"by-product"}
    return hits


@pytest.mark.parametrize("time", TIMES)
@settings(max_examples=2, derandomize=True, phases=WITHOUT_SHRINKING)
@given(first=ROWS.filter(bool), late=ROWS, seed=st.integers(0, 2**32))
def test_what_is_left_behind_answers_as_the_source_does(
    time: str, first: list[dict[str, object]], late: list[dict[str, object]], seed: int
) -> None:
    assert check(time, first, late, seed, 4) > 8


@pytest.mark.long
@pytest.mark.parametrize("time", TIMES)
@settings(max_examples=5, phases=WITHOUT_SHRINKING)
@given(first=ROWS.filter(bool), late=ROWS, seed=st.integers(0, 2**32))
def test_hundreds_of_questions(
    time: str, first: list[dict[str, object]], late: list[dict[str, object]], seed: int
) -> None:
    assert check(time, first, late, seed, 40) > 80
