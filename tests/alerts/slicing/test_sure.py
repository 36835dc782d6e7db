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


def halves(first: float, size: float, second: float = 1.0, kinds: int = 3, seed: int = 0) -> History:
    """Two countries, of which the first is `size` of the whole; at the end so many times as much of each."""
    random = np.random.default_rng(seed)
    codes = np.array(np.unravel_index(np.arange(2 * kinds), (2, kinds)))
    mean = np.repeat(np.where(codes[0] == 0, size, 1 - size)[:, None] * 2000 / kinds, MOMENTS, axis=1)
    mean = mean * random.lognormal(0, 0.1, mean.shape)
    mean[:, -1] *= np.where(codes[0] == 0, first, second)
    values = ("c0", "c1"), tuple(f"k{i}" for i in range(kinds))
    amounts = random.poisson(mean).astype(float)
    return History(("country", "kind"), values, codes, tuple(map(str, range(MOMENTS))), amounts, None)


@pytest.mark.parametrize("kinds", [1, 3])
@pytest.mark.parametrize("size", [0.4, 0.51, 0.6, 0.7])
def test_one_of_two_about_halves_is_named_the_larger_too(size: float, kinds: int) -> None:
    found = with_sure(explain(halves(0.05, size, kinds=kinds)))
    assert found.clear
    assert [cause.slice for cause in found.causes if cause.chosen] == [{"country": "c0"}]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("first", "second"), [(0.05, 0.05), (0.05, 0.15), (1.0, 1.0)])
def test_of_halves_that_both_moved_none_is(first: float, second: float, seed: int) -> None:
    for size in (0.5, 0.6, 0.7):
        assert not with_sure(explain(halves(first, size, second, seed=seed))).clear
