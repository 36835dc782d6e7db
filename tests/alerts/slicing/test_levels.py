"""Causes of what has either sign: profits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lapwing.alerts.slicing.answer import explain
from lapwing.alerts.slicing.leaves import Floats, History

DIMENSIONS = {"country": 6, "device": 3, "product": 8}
CODES = np.array(list(itertools.product(*(range(size) for size in DIMENSIONS.values()))), np.int64).T


def profits(cost: float, moments: int = 12, seed: int = 5) -> History:
    """Revenue less cost of each leaf, of which some never earn anything; at the last moment what is sold in country 2 on
    device 1 costs so many times as much."""
    random = np.random.default_rng(seed)
    revenue = np.exp(random.normal(4, 1, CODES.shape[1]))[:, None]
    spent = revenue * (1 - np.clip(random.normal(0.15, 0.2, revenue.shape), -1, 0.8))
    sold = random.gamma(25, 1 / 25, (len(revenue), moments + 1))
    costs = spent * sold * random.gamma(400, 1 / 400, sold.shape)
    costs[(CODES[0] == 2) & (CODES[1] == 1), -1] *= cost
    return history(revenue * sold - costs)


def history(amounts: Floats) -> History:
    values = tuple(tuple(f"{name}{place}" for place in range(size)) for name, size in DIMENSIONS.items())
    return History(tuple(DIMENSIONS), values, CODES, tuple(map(str, range(amounts.shape[1]))), amounts, None)


@pytest.mark.parametrize("moments", [1, 2, 4, 12])
def test_what_costs_more_is_found_whatever_the_sign_of_its_profit(moments: int) -> None:
    found = explain(profits(2.0, moments))
    assert found.actual < found.expected
    assert found.clear
    assert [(one.slice, one.chosen) for one in found.causes[:1]] == [
        ({"country": "country2", "device": "device1"}, True)
    ]
    assert found.causes[0].share == pytest.approx(1, abs=0.5)
    assert 0 < found.causes[0].size < 0.2


def test_losses_that_end_are_gains() -> None:
    before, turned = profits(2.0), history(-profits(2.0).amounts)
    assert (explain(before).direction, explain(turned).direction) == (-1, 1)
    assert explain(turned).causes[0].slice == explain(before).causes[0].slice


@pytest.mark.parametrize("seed", range(6))
def test_where_nothing_happened_nothing_is_clear(seed: int) -> None:
    assert not explain(profits(1.0, seed=seed)).clear


def test_nothing_but_zeros_before_is_no_trouble() -> None:
    amounts = np.zeros((CODES.shape[1], 4))
    amounts[:3, -1] = -1
    assert len(explain(history(amounts)).causes) > 0
