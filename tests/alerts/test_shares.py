"""A budget divided: nobody gets less than an equal share, and what single series do not need goes to those that split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.shares import divided, extended
from lapwing.model.grain import Grain
from lapwing.model.monitor import Monitor


def monitor(name: str, by: tuple[str, ...] = (), grain: str = "day") -> Monitor:
    return Monitor(name=name, dataset="d", metric="d.m", grain=Grain.parse(grain), by=by)


@given(st.floats(0.1, 100), st.lists(st.booleans(), min_size=1, max_size=20))
def test_nobody_gets_less_than_an_equal_share(budget: float, split: list[bool]) -> None:
    shares = divided(budget, [monitor(str(n), ("x",) if by else ()) for n, by in enumerate(split)])
    assert min(shares.values()) >= budget / len(split) * (1 - 1e-9)
    if not any(split) or all(split):
        assert sum(shares.values()) == pytest.approx(budget)


def test_what_single_series_do_not_need_goes_to_those_that_split() -> None:
    shares = divided(3.0, [monitor("one"), monitor("two", grain="hour"), monitor("many", ("x",))])
    assert shares["one"] == shares["two"] == 1.0
    assert 2.5 < shares["many"] < 3.0


def test_a_share_changes_from_a_moment_on() -> None:
    first = extended((), 1.0, 10)
    assert first == ((10, 1.0),)
    assert extended(first, 1.0, 20) is first
    assert extended(first, 0.5, 20) == ((10, 1.0), (20, 0.5))
    assert divided(1.0, []) == {}
