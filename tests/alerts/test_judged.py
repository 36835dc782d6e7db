"""A history judged: what is incomplete, split, kept and too much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.alerts.judged import by_hand
from tests.alerts.shop import monitor, rows

from lapwing.alerts import judged as module
from lapwing.alerts.judged import judge
from lapwing.alerts.packed import pack, unpack
from lapwing.model.problem import Refused
from lapwing.query.service import Lapwing


def test_the_parts_and_the_whole(shop: Lapwing) -> None:
    """A split monitor watches the whole, too, last; numbers are those of plain SQL."""
    found = judge(shop, monitor(shop, "failed_daily"))
    assert found.slices == (*((("region", name),) for name in ("north", "south", "west")), ())
    np.testing.assert_array_equal(found.amount[:3].sum(0), found.amount[3])
    by_day = rows(
        'select "at"::date, count(*) filter (where failed), count(*) '
        f"from '{shop.project.root}/data/orders/*.parquet' group by 1 order by 1"
    )
    assert found.amount[3].tolist() == [row[1] for row in by_day]
    assert found.exposure[3].tolist() == [row[2] for row in by_day]
    assert len(found.borders) == len(by_day) + 1
    assert found.known[0] - found.borders[1] == 3_600_000_000


def test_kept_and_taken_back(shop: Lapwing) -> None:
    found = judge(shop, monitor(shop, "failed_daily"))
    dataset, metric = shop.project.metric("failed")
    packed = pack(found)
    back = unpack(packed.head, packed.chunks, found.monitor, dataset, metric)
    assert (back.slices, back.complete_after, back.measured) == (found.slices, found.complete_after, found.measured)
    assert back.episodes == found.episodes
    for name in ("expected", "lower", "upper", "score", "ready"):
        np.testing.assert_array_equal(getattr(back.detection, name), getattr(found.detection, name))


def test_a_part_of_the_history(shop: Lapwing) -> None:
    whole, hourly = judge(shop, monitor(shop, "rate_hourly")), monitor(shop, "rate_hourly")
    since, until = int(whole.borders[500]), int(whole.borders[700])
    part = judge(shop, hourly, (since, until))
    np.testing.assert_array_equal(part.borders, whole.borders[500:701])
    np.testing.assert_array_equal(part.amount, whole.amount[:, 500:700])


@pytest.mark.parametrize(("metric", "direction"), [("failed", 1), ("revenue", -1), ("orders", 0)])
def test_the_direction_that_hurts(shop: Lapwing, metric: str, direction: int) -> None:
    assert by_hand(shop, f"orders.{metric}", [1.0], 1).rules.direction == direction


def test_the_smallest_change_is_the_monitors_own_or_learned(shop: Lapwing) -> None:
    learned = by_hand(shop, "orders.failed", [100, 100], 100)
    assert learned.minimum.tolist() == [[10, 10]]
    own = replace(learned, monitor=replace(learned.monitor, min_change=25.0))
    assert own.minimum.tolist() == [[25, 25]]
    assert [len(row) for row in by_hand(shop, "orders.failed", [100, 108], 100).episodes] == [0]
    assert [len(row) for row in by_hand(shop, "orders.failed", [100, 112], 100).episodes] == [1]


def test_too_many_series_are_refused(shop: Lapwing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CELLS", 100)
    with pytest.raises(Refused, match="failed_daily would watch 4 series of 63 buckets") as caught:
        judge(shop, monitor(shop, "failed_daily"))
    assert caught.value.problems[0].hint is not None


def test_a_slice_that_holds_nothing(shop: Lapwing) -> None:
    none = replace(monitor(shop, "failed_daily"), by=(), slice=(("region", "nowhere"),))
    found = judge(shop, none)
    assert not np.isfinite(found.detection.score).any()
    assert all(row == () for row in found.episodes)
