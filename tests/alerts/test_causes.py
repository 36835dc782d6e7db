"""Causes against plain SQL over the rows."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from tests.alerts.shop import ZONE, open_alerts, rows

from lapwing.alerts.causes import Causes, earlier
from lapwing.alerts.history import Value
from lapwing.alerts.service import Alerts
from lapwing.model.calendar import to_us
from lapwing.query.service import Lapwing


def local(day: int, hour: int = 0) -> int:
    return to_us(datetime(2024, 2, day, hour, tzinfo=ZoneInfo(ZONE)))


def failed_by(shop: Lapwing, dimension: str, day: str) -> dict[Value, int]:
    return dict(
        rows(
            f"select {dimension}, count(*) filter (where failed) from '{shop.project.root}/data/orders/*.parquet' "
            f"where \"at\"::date = '{day}' group by 1"
        )
    )


@pytest.mark.parametrize("dimension", ["region", "channel", "gift"])
def test_a_breakdown_is_that_of_plain_sql(shop: Lapwing, alerts: Alerts, dimension: str) -> None:
    """Actual values of the day, and expected ones as the mean of the two usual of the four weeks before."""
    judged = alerts._keeper.kept().known[0].judged
    found = Causes(shop).find(judged, (), local(20), local(21), 1)
    (one,) = (each for each in found.breakdowns if each.dimension == dimension)
    now = failed_by(shop, dimension, "2024-02-20")
    weeks = [failed_by(shop, dimension, day) for day in ("2024-02-13", "2024-02-06", "2024-01-30", "2024-01-23")]
    middle = median(sum(of.values()) for of in weeks)
    before = sorted(weeks, key=lambda of: abs(sum(of.values()) - middle))[:2]
    for row in one.rows:
        assert row.actual == now[row.value]
        assert row.expected == pytest.approx(sum(of.get(row.value, 0) for of in before) / 2)
    assert sum(row.difference for row in one.rows) == pytest.approx(
        sum(now.values()) - sum(sum(of.values()) for of in before) / 2
    )
    assert sum(row.share or 0 for row in one.rows) == pytest.approx(1)
    assert all(first.difference >= second.difference for first, second in pairwise(one.rows))


def test_rate_and_mix_add_up_to_the_change(shop: Lapwing, alerts: Alerts) -> None:
    judged = alerts._keeper.kept().known[1].judged
    found = Causes(shop).find(judged, (), local(20, 12), local(20, 18), 1)
    failed, count = rows(
        f"select count(*) filter (where failed), count(*) from '{shop.project.root}/data/orders/*.parquet' "
        "where \"at\" >= '2024-02-20 12:00' and \"at\" < '2024-02-20 18:00'"
    )[0]
    before = {sum((row.before_rate or 0) * row.size for row in each.rows) for each in found.breakdowns}
    assert max(before) - min(before) < 1e-12, "the whole's rate before does not depend on what it is split by"
    for each in found.breakdowns:
        assert sum(row.actual for row in each.rows) == failed
        change = sum((row.rate or 0) + (row.mix or 0) for row in each.rows)
        assert change == pytest.approx(failed / count - max(before))


def test_the_narrower_slice_is_named_where_it_has_all(shop: Lapwing, tmp_path: Path) -> None:
    """Within a slice its own dimension is no cause."""
    alerts = open_alerts(shop, tmp_path / "state.db")
    alerts.follow("failed", {"region": "north"})
    judged = alerts._keeper.kept().known[2].judged
    found = Causes(shop).find(judged, (("region", "north"),), local(20), local(21), 1)
    assert {each.dimension for each in found.breakdowns} == {"channel", "gift"}
    assert not found.cause.clear


def test_levels_have_no_parts(shop: Lapwing, alerts: Alerts) -> None:
    made = alerts.follow("dearest")
    judged = next(one.judged for one in alerts._keeper.kept().known if one.judged.monitor == made)
    found = Causes(shop).find(judged, (), local(20), local(21), 1)
    assert found.breakdowns == ()
    assert "do not add up" in found.cause.says


def test_the_first_week_has_nothing_to_compare_with(shop: Lapwing, alerts: Alerts) -> None:
    judged = alerts._keeper.kept().known[0].judged
    start = to_us(datetime(2024, 1, 3, tzinfo=ZoneInfo(ZONE)))
    assert "no comparable week" in Causes(shop).find(judged, (), start, start + 1, 1).cause.says


def test_earlier_stretches_are_at_the_same_time_on_the_wall_clock() -> None:
    zone = ZoneInfo(ZONE)
    start, end = (
        to_us(datetime(2024, 3, 11, hour, tzinfo=zone)) for hour in (8, 10)
    )  # the day after the clocks changed
    found = earlier(start, end, ZONE)
    assert [datetime.fromtimestamp(first / 1e6, zone).isoformat() for first, _ in found] == [
        "2024-03-04T08:00:00-05:00",
        "2024-02-26T08:00:00-05:00",
        "2024-02-19T08:00:00-05:00",
        "2024-02-12T08:00:00-05:00",
    ]
    assert all(last - first == end - start for first, last in found)
    longer = earlier(start, start + 10 * 86_400_000_000, ZONE)
    assert longer[0][1] <= start, "a longer stretch is laid beside one that does not overlap it"
