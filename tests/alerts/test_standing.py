"""Who stands for whom: the whole for its slices, of the same what was known first, a slice for the whole that it is most of."""

from __future__ import annotations

from dataclasses import replace

from tests.alerts.judged import MARCH, by_hand
from tests.alerts.test_cases import DAY, known, sliced

from lapwing.alerts.cases import cases
from lapwing.alerts.judged import Judged
from lapwing.alerts.standing import folded, wholes_of
from lapwing.model.grain import Grain
from lapwing.query.service import Lapwing

NORTH = ("region", "north")
NARROW = (NORTH, ("channel", "app"))


def shown(shop: Lapwing, *histories: Judged, days: int = 9) -> dict[int, list[int]]:
    found = folded(cases(known(shop, *histories), MARCH + days * DAY))
    return {number: [case.id for case in parts] for number, parts in found.items()}


def test_the_whole_stands_for_its_parts(shop: Lapwing) -> None:
    bad = [10, 30, 10, 10, 10, 10]
    whole = by_hand(shop, "orders.failed", bad, 10)
    part = sliced(by_hand(shop, "orders.failed", bad, 10), ("region", "north"))
    narrower = sliced(by_hand(shop, "orders.failed", bad, 10), ("region", "north"), ("channel", "app"))
    other = by_hand(shop, "orders.revenue", [10, 3, 10, 10, 10, 10], 10)
    later = sliced(by_hand(shop, "orders.failed", [10, 10, 10, 10, 10, 30], 10), ("region", "west"))
    shown = folded(cases(known(shop, whole, part, narrower, other, later), MARCH + 9 * DAY))
    assert {number: [case.id for case in parts] for number, parts in shown.items()} == {1: [11, 21], 31: [], 41: []}


def named(judged: Judged, name: str) -> Judged:
    return replace(judged, monitor=replace(judged.monitor, name=name))


def test_what_two_monitors_see_of_one_slice_is_one_incident(shop: Lapwing) -> None:
    """The one that lasts longest stands for both, else the one that was known first; other grains are others."""
    bad, longer = [10, 30, 30, 10, 10, 10, 10], [10, 30, 30, 30, 10, 10, 10]
    north = ("region", "north")
    one, two = (named(sliced(by_hand(shop, "orders.failed", bad, 10), north), name) for name in ("one", "two"))
    three = named(sliced(by_hand(shop, "orders.failed", longer, 10), north), "three")
    found = cases(known(shop, one, two), MARCH + 9 * DAY)
    assert {number: [case.id for case in parts] for number, parts in folded(found).items()} == {1: [11]}
    found = cases(known(shop, one, two, three), MARCH + 9 * DAY)
    assert {number: [case.id for case in parts] for number, parts in folded(found).items()} == {21: [1, 11]}
    early = cases(known(shop, one, two, three), MARCH + 2 * DAY)
    assert len(folded(early)) == 1, "the first that was known"
    hourly = replace(two, monitor=replace(two.monitor, grain=Grain.parse("hour")))
    assert len(folded(cases(known(shop, one, hourly), MARCH + 9 * DAY))) == 2


def test_a_slice_that_was_told_before_stands_for_the_whole_that_it_is_most_of(shop: Lapwing) -> None:
    """The whole is sure of it a day later, by the same twenty: who looks after the slice need not be told again."""
    north = sliced(by_hand(shop, "orders.failed", [10, 30, 30, 10, 10, 10, 10], 10), NORTH)
    whole = by_hand(shop, "orders.failed", [100, 100, 120, 100, 100, 100, 100], 100)
    assert shown(shop, whole, north, days=2) == {11: []}
    assert shown(shop, whole, north) == {11: [1]}
    assert shown(shop, north, whole) == {1: [11]}, "whichever is looked at first"
    wider = by_hand(shop, "orders.failed", [100, 100, 130, 100, 100, 100, 100], 100)
    assert shown(shop, wider, north) == {1: [11]}, "another third of it is elsewhere: it is wider than what was told"


def test_what_the_slice_does_not_explain_stays(shop: Lapwing) -> None:
    """The whole that a slice stands for stands for nothing itself: the little that happens elsewhere is told, too."""
    bad, longer = [10, 30, 30, 10, 10, 10, 10], [10, 10, 10, 13, 10, 10, 10]
    north = sliced(by_hand(shop, "orders.failed", bad, 10), NORTH)
    south = sliced(by_hand(shop, "orders.failed", longer, 10, sigma=0.1), ("region", "south"))
    whole = by_hand(shop, "orders.failed", [100, 100, 120, 103, 100, 100, 100], 100)
    assert shown(shop, whole, north, south) == {11: [1], 21: []}


def test_of_levels_no_slice_is_a_part(shop: Lapwing) -> None:
    north = sliced(by_hand(shop, "orders.dearest", [10, 30, 30, 10, 10, 10, 10], 10), NORTH)
    whole = by_hand(shop, "orders.dearest", [100, 100, 120, 100, 100, 100, 100], 100)
    assert shown(shop, whole, north) == {1: [11]}


def test_who_was_told_of_a_slice_is_told_of_the_smallest_that_explains_all(shop: Lapwing) -> None:
    app = sliced(by_hand(shop, "orders.failed", [10, 30, 30, 30, 10, 10, 10, 10], 10), *NARROW)
    north = sliced(by_hand(shop, "orders.failed", [50, 50, 70, 70, 50, 50, 50, 50], 50), NORTH)
    whole = by_hand(shop, "orders.failed", [100, 100, 100, 120, 100, 100, 100, 100], 100)
    assert shown(shop, whole, north, app) == {21: [11, 1]}


def test_the_wholes_that_a_slice_stands_for_while_they_are_open(shop: Lapwing) -> None:
    """Whose new level is theirs, too."""
    north = sliced(by_hand(shop, "orders.failed", [10, 30, 30, 30, 10, 10, 10], 10), NORTH)
    whole = by_hand(shop, "orders.failed", [100, 100, 120, 120, 100, 100, 100], 100)
    every = known(shop, whole, north)
    assert [one.id for one in wholes_of(cases(every, MARCH + 4 * DAY), 11)] == [1]
    assert wholes_of(cases(every, MARCH + 4 * DAY), 1) == []
    assert wholes_of(cases(every, MARCH + 9 * DAY), 11) == [], "it is over"
