"""Cases: one incident at one moment, and who stands for whom."""

from __future__ import annotations

from dataclasses import replace

from tests.alerts.judged import MARCH, by_hand

from lapwing.alerts.cases import Known, cases, folded
from lapwing.alerts.history import series_key
from lapwing.alerts.judged import Judged
from lapwing.alerts.reconcile import Judging, additions
from lapwing.alerts.record import Record
from lapwing.alerts.telling import told_of
from lapwing.model.grain import Grain
from lapwing.query.service import Lapwing

DAY = 86_400_000_000


def known(shop: Lapwing, *histories: Judged) -> list[Known]:
    out = []
    for number, judged in enumerate(histories):
        keys = [
            (series_key(judged.slices[0]), episode.direction, int(judged.borders[episode.opened]))
            for episode in judged.episodes[0]
        ]
        told = {one.key: one for one in told_of(judged, shop.project)}
        judging = Judging(now=0, covered=None, same=True)
        records = {
            key: Record(
                id=10 * number + n,
                monitor="by_hand",
                definition="",
                key=key,
                about={},
                lines=tuple(additions((), told[key], judging)),
            )
            for n, key in enumerate(keys, 1)
        }
        out.append(Known(judged, records, "", ""))
    return out


def sliced(judged: Judged, *pairs: tuple[str, str]) -> Judged:
    return replace(judged, slices=(pairs,))


def test_a_life_at_several_moments(shop: Lapwing) -> None:
    of = known(shop, by_hand(shop, "orders.failed", [10, 30, 30, 10, 10, 10], 10))
    assert cases(of, MARCH + 2 * DAY - 1) == []
    (first,) = cases(of, MARCH + 2 * DAY)
    assert (first.id, first.start, first.known_at, first.end) == (1, MARCH + DAY, MARCH + 2 * DAY, None)
    assert first.until == MARCH + 2 * DAY
    (second,) = cases(of, MARCH + 3 * DAY)
    assert (second.end, second.until) == (None, MARCH + 3 * DAY)
    (last,) = cases(of, MARCH + 9 * DAY)
    assert (last.end, last.until) == (MARCH + 5 * DAY, MARCH + 3 * DAY)


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


def test_what_the_state_database_does_not_know_is_not_shown(shop: Lapwing) -> None:
    judged = by_hand(shop, "orders.failed", [10, 30, 10, 10], 10)
    assert cases([Known(judged, {}, "", "")], MARCH + 9 * DAY) == []
