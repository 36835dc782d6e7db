"""A slice that surely changed is named, where dealing the evidence anew can show nothing."""

from __future__ import annotations

import numpy as np
import pytest

from lapwing.alerts.slicing.answer import explain
from lapwing.alerts.slicing.leaves import History
from lapwing.alerts.slicing.sure import with_sure

COUNTRIES, KINDS, MOMENTS = 3, 4, 10


def history(last: dict[tuple[int, int], float], scale: float = 1.0) -> History:
    """About a hundred events of each country and kind; `last` times as many of some at the end."""
    codes = np.array(np.unravel_index(np.arange(COUNTRIES * KINDS), (COUNTRIES, KINDS)))
    amounts = np.random.default_rng(5).poisson(100, (COUNTRIES * KINDS, MOMENTS)).astype(float)
    for (country, kind), times in last.items():
        amounts[country * KINDS + kind, -1] = 100 * times
    values = tuple(tuple(f"{name}{i}" for i in range(count)) for name, count in (("c", COUNTRIES), ("k", KINDS)))
    return History(("country", "kind"), values, codes, tuple(map(str, range(MOMENTS))), amounts * scale, None)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e6, 1e15, 1e30])
def test_one_of_few_leaves(scale: float) -> None:
    """Whichever leaf has the evidence, some slice has as much: no permutation can tell. Its size is seen all the same."""
    found = explain(history({(1, 2): 0.1}, scale))
    assert not found.clear
    named = with_sure(found)
    assert named.clear
    assert named.causes[0].slice == {"country": "c1", "kind": "k2"}
    assert named.causes[0].chosen
    assert named.p == named.causes[0].p < 0.01
    assert sum(cause.chosen for cause in named.causes) == 1
    assert named.causes[0].size == pytest.approx(1 / 12, rel=0.2)


def test_chance_and_a_move_of_everything_are_no_cause() -> None:
    for last in ({}, {(one, two): 0.5 for one in range(COUNTRIES) for two in range(KINDS)}):
        found = explain(history(last))
        assert not found.clear
        assert with_sure(found) == found
