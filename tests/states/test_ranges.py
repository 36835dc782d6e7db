"""Any stretches of states, overlapping as they may, are each the merge of their rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.states import ranges
from lapwing.states.argument import argument_of
from lapwing.states.base import Columns, State
from lapwing.states.count import Count
from lapwing.states.extreme import Extreme
from lapwing.states.ranges import Ranges
from lapwing.states.sum_integer import IntegerSum

STATES: list[tuple[State, str]] = [
    (Count(), "n"),
    (IntegerSum(argument_of("INTEGER")), "sum"),
    (Extreme("min", argument_of("INTEGER")), "value"),
    (Extreme("max", argument_of("INTEGER")), "value"),
]


def columns_of(state: State, suffix: str, values: list[int]) -> Columns:
    numbers = np.array(values, np.int64)
    return {"n": numbers if suffix == "n" else np.ones(len(values), np.int64), suffix: numbers}


@pytest.mark.parametrize(("state", "suffix"), STATES, ids=lambda one: getattr(one, "kind", ""))
@given(
    values=st.lists(st.integers(-1000, 1000), min_size=1, max_size=70),
    pairs=st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=20),
)
def test_each_is_the_merge_of_its_rows(
    state: State, suffix: str, values: list[int], pairs: list[tuple[int, int]]
) -> None:
    fold = {"n": sum, "sum": sum}.get(suffix, min if state.kind == "min" else max)
    low = np.array([min(*pair, len(values) - 1) for pair in pairs], np.int64)
    high = np.array([max(low[i] + 1, min(max(pair), len(values))) for i, pair in enumerate(pairs)], np.int64)
    together = Ranges(state, columns_of(state, suffix, values), len(values))
    for _ in range(2):  # blocks once made serve again
        merged = together.merged(low, high)
        assert merged[suffix].tolist() == [fold(values[a:b]) for a, b in zip(low, high, strict=True)]


def test_many_are_merged_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "_BYTES", 64)
    values = list(range(1000))
    low = np.arange(900)
    merged = Ranges(Count(), {"n": np.array(values)}, 1000).merged(low, low + 100)
    assert merged["n"].tolist() == [sum(values[a : a + 100]) for a in range(900)]


def test_longer_ones_come_after_shorter_ones() -> None:
    together = Ranges(Count(), {"n": np.arange(100)}, 100)
    for length in (1, 3, 64, 100):
        low = np.arange(101 - length)
        assert together.merged(low, low + length)["n"].tolist() == [sum(range(a, a + length)) for a in low]
    assert len(together.merged(np.zeros(0, np.int64), np.zeros(0, np.int64))["n"]) == 0
