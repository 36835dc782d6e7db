"""Incidents of related metrics become one where one explains the other."""

from __future__ import annotations

from tests.alerts.judged import MARCH, by_hand
from tests.alerts.test_cases import DAY, known, sliced

from lapwing.alerts.cases import cases
from lapwing.alerts.folding import explaining_others, unified
from lapwing.alerts.judged import Judged
from lapwing.alerts.why.factors import explaining
from lapwing.query.service import Lapwing

BAD = [10, 30, 10, 10, 10, 10]


def shown(shop: Lapwing, *histories: Judged) -> dict[int, list[int]]:
    factors = explaining(shop.project.datasets["orders"])
    found = unified(cases(known(shop, *histories), MARCH + 9 * DAY), factors)
    return {number: [case.id for case in of] for number, of in found.items()}


def rate(shop: Lapwing, values: list[float]) -> Judged:
    return by_hand(shop, "orders.fail_rate", values, 0.1, sigma=0.01, exposure=[100] * 6)


def test_a_count_stands_for_the_rate_that_explains_it(shop: Lapwing) -> None:
    """Failed orders are orders times their rate: three times as many, at three times the rate."""
    failed = by_hand(shop, "orders.failed", BAD, 10)
    assert shown(shop, failed, rate(shop, [0.1, 0.3, 0.1, 0.1, 0.1, 0.1])) == {1: [11]}


def test_a_rate_that_moved_less_or_later_explains_nothing(shop: Lapwing) -> None:
    failed = by_hand(shop, "orders.failed", BAD, 10)
    assert shown(shop, failed, rate(shop, [0.1, 0.15, 0.1, 0.1, 0.1, 0.1])) == {1: [], 11: []}
    assert shown(shop, failed, rate(shop, [0.1, 0.1, 0.1, 0.1, 0.1, 0.3])) == {1: [], 11: []}


def test_another_slice_is_another_incident(shop: Lapwing) -> None:
    failed = by_hand(shop, "orders.failed", BAD, 10)
    north = sliced(rate(shop, [0.1, 0.3, 0.1, 0.1, 0.1, 0.1]), ("region", "north"))
    assert shown(shop, failed, north) == {1: [], 11: []}


def test_what_a_factor_stands_for_goes_with_it(shop: Lapwing) -> None:
    """The rate of the north is folded into the rate, and both into the count."""
    failed = by_hand(shop, "orders.failed", BAD, 10)
    bad = [0.1, 0.3, 0.1, 0.1, 0.1, 0.1]
    north = sliced(rate(shop, bad), ("region", "north"))
    assert shown(shop, failed, rate(shop, bad), north) == {1: [11, 21]}


def test_what_explains_another_is_told_with_it_while_both_are_open(shop: Lapwing) -> None:
    factors = explaining(shop.project.datasets["orders"])
    failed, bad = by_hand(shop, "orders.failed", BAD, 10), rate(shop, [0.1, 0.3, 0.1, 0.1, 0.1, 0.1])
    every = known(shop, failed, bad)
    assert explaining_others(cases(every, MARCH + 3 * DAY), factors) == {11: 1}
    assert explaining_others(cases(every, MARCH + 9 * DAY), factors) == {}, "they are over"
