"""Numbers of an incident, and the money of them."""

from __future__ import annotations

import math

import pytest
from tests.alerts.judged import by_hand

from lapwing.alerts.totals import at_stake, numbers
from lapwing.query.service import Lapwing


def test_counts_add_up(shop: Lapwing) -> None:
    found = numbers(by_hand(shop, "orders.failed", [10, 30, 20], 10), 0, 1, 2)
    assert (found.actual, found.expected, found.difference, found.extra) == (50, 20, 30, 30)
    assert found.upper == pytest.approx(20 + math.sqrt(5**2 + 5**2)), "buckets stray independently"
    assert found.lower == pytest.approx(20 - math.sqrt(50))


def test_a_range_of_counts_does_not_go_below_nothing(shop: Lapwing) -> None:
    assert numbers(by_hand(shop, "orders.failed", [10], 3, sigma=9), 0, 0, 0).lower == 0


def test_ratios_are_weighed(shop: Lapwing) -> None:
    judged = by_hand(shop, "orders.fail_rate", [0.1, 0.5], 0.1, sigma=0.01, exposure=[300, 100])
    found = numbers(judged, 0, 0, 1)
    assert found.actual == pytest.approx(0.2)
    assert found.expected == pytest.approx(0.1)
    assert found.extra == pytest.approx(40), "forty more failed than usual of so many orders"


def test_levels_are_averaged(shop: Lapwing) -> None:
    found = numbers(by_hand(shop, "orders.dearest", [10, 20], 5), 0, 0, 1)
    assert (found.actual, found.expected) == (15, 5)


def test_buckets_without_a_value_are_left_out(shop: Lapwing) -> None:
    judged = by_hand(shop, "orders.failed", [10, math.nan, 20], 10)
    assert numbers(judged, 0, 0, 2).actual == 30
    assert math.isnan(numbers(judged, 0, 1, 1).actual)


def test_money(shop: Lapwing) -> None:
    """A unit's own worth; for a ratio, the worth of its numerator; none where none is written."""
    dataset = shop.project.datasets["orders"]
    judged = by_hand(shop, "orders.failed", [30], 10)
    assert at_stake(numbers(judged, 0, 0, 0), dataset, judged.metric) == (400, "USD")
    less = by_hand(shop, "orders.failed", [4], 10)
    assert at_stake(numbers(less, 0, 0, 0), dataset, less.metric) == (120, "USD")
    rate = by_hand(shop, "orders.fail_rate", [0.3], 0.1, exposure=[200])
    money = at_stake(numbers(rate, 0, 0, 0), dataset, rate.metric)
    assert money is not None
    assert money[0] == pytest.approx(0.2 * 200 * 20)
    assert at_stake(numbers(judged, 0, 0, 0), dataset, dataset.metrics["revenue"]) is None
