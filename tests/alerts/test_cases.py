"""Cases: one incident at one moment, and who stands for whom."""

from __future__ import annotations

from dataclasses import replace

from tests.alerts.judged import MARCH, by_hand

from lapwing.alerts.cases import Known, cases
from lapwing.alerts.history import series_key
from lapwing.alerts.judged import Judged
from lapwing.alerts.reconcile import Judging, additions
from lapwing.alerts.record import Record
from lapwing.alerts.telling import told_of
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


def test_what_the_state_database_does_not_know_is_not_shown(shop: Lapwing) -> None:
    judged = by_hand(shop, "orders.failed", [10, 30, 10, 10], 10)
    assert cases([Known(judged, {}, "", "")], MARCH + 9 * DAY) == []
