"""States of the same rows are told to be the same, however they came about; others are not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.states.test_entries import CASES, VALUES, built, state_of

from lapwing.states import State
from lapwing.states.base import Columns

NUMBERS = ("INTEGER", "BIGINT", "DECIMAL(12,2)", "DOUBLE")
EVERY = [
    *CASES,
    *((name, kind, None) for name in ("sum", "mean", "min", "max", "variance", "stddev") for kind in NUMBERS),
    ("count", "VARCHAR", None),
    ("sum", "BOOLEAN", None),
]


def merged(state: State, engine_type: str, rows: Sequence[tuple[int, Any]], seed: int) -> tuple[Columns, Columns]:
    """One state of all the rows, and one merged from a random split of them, some of it compact."""
    chance = random.Random(seed)
    whole = built(state, engine_type, [(0, at, value) for at, value in rows])
    parts = built(state, engine_type, [(chance.randrange(4), at, value) for at, value in rows])
    if seed % 2:
        parts = state.compact(parts)
    return whole, state.merge(parts, np.array([0]))


@pytest.mark.parametrize(("aggregation", "engine_type", "parameter"), EVERY)
@settings(max_examples=3)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_states_are_the_same_if_their_rows_are(
    aggregation: str, engine_type: str, parameter: float | None, data: st.DataObject, seed: int
) -> None:
    drawn = st.tuples(st.integers(0, 50), VALUES[engine_type])
    rows = data.draw(st.lists(drawn, min_size=1, max_size=14))
    state = state_of(aggregation, engine_type, parameter)
    whole, together = merged(state, engine_type, rows, seed)
    assert state.same(whole, together).tolist() == [True]
    assert state.same(state.concatenate([whole, state.empty(1)]), state.concatenate([together, whole]))[0]
    more = built(state, engine_type, [(0, at, value) for at, value in [*rows, *rows[:1]]])
    assert state.same(whole, more).tolist() == [rows[0][1] is None]


@pytest.mark.parametrize(("aggregation", "engine_type", "parameter"), EVERY)
@settings(max_examples=3)
@given(data=st.data())
def test_another_number_in_any_column_is_another_state(
    aggregation: str, engine_type: str, parameter: float | None, data: st.DataObject
) -> None:
    plain = st.floats(-1e6, 1e6) if engine_type == "DOUBLE" else VALUES[engine_type]
    drawn = data.draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50), plain), min_size=1, max_size=9))
    rows = [one for one in drawn if one[2] is not None] or [
        (0, 0, {"VARCHAR": "x", "BOOLEAN": True}.get(engine_type, 1))
    ]
    if engine_type in ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
        rows = [one for one in rows if one[2] != 1] or [(0, 0, "2000-01-01")]
    state = state_of(aggregation, engine_type, parameter)
    states = built(state, engine_type, rows)
    loose = ("rest", "absent", "slack", *(c.of for c in state.columns if c.of))
    suffix = data.draw(
        st.sampled_from([c.suffix for c in state.columns if c.suffix not in loose and len(states[c.suffix])])
    )
    wrong = states[suffix].copy()
    place = data.draw(st.integers(0, len(wrong) - 1))
    wrong[place] = wrong[place] ^ 1 if wrong.dtype.kind != "f" else 2 * wrong[place] + 1
    assert state.same(states, states).all()
    assert not state.same(states, {**states, suffix: wrong}).all()


def test_top_values_that_were_cut_differ_only_where_their_bounds_do_not_meet() -> None:
    state = state_of("top", "INTEGER", 1.0)
    chance = random.Random(1)
    rows = [(chance.randrange(4), 0, min(chance.randrange(300), chance.randrange(300))) for _ in range(800)]
    whole = built(state, "INTEGER", [(0, at, value) for _, at, value in rows])
    together = state.merge(built(state, "INTEGER", rows), np.array([0]))
    assert int(whole["absent"][0]) > 0
    assert whole["lower"].tolist() != together["lower"].tolist()
    assert state.same(whole, together).tolist() == [True]
    lower = whole["lower"].copy()
    lower[0] += 1
    assert state.same({**whole, "lower": lower}, together).tolist() == [False]
