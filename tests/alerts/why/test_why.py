"""Changes and their causes against plain SQL over the rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from tests.alerts.shop import ZONE, rows

from lapwing.alerts.history import Value
from lapwing.alerts.why.change import Change
from lapwing.alerts.why.service import Question, Why
from lapwing.alerts.why.stretches import earlier
from lapwing.model.calendar import to_us
from lapwing.model.expression import Binary, MeasureRef, Number
from lapwing.query.service import Lapwing


def local(day: int, hour: int = 0) -> int:
    return to_us(datetime(2024, 2, day, hour, tzinfo=ZoneInfo(ZONE)))


def why(shop: Lapwing, metric: str, start: int, end: int, **more: object) -> Change:
    before = tuple(earlier(start, end, ZONE))
    return Why(shop).find(Question(metric=metric, now=(start, end), before=before, **more))  # type: ignore[arg-type]


def failed_by(shop: Lapwing, dimension: str, day: str) -> dict[Value, int]:
    return dict(
        rows(
            f"select {dimension}, count(*) filter (where failed) from '{shop.project.root}/data/orders/*.parquet' "
            f"where \"at\"::date = '{day}' group by 1"
        )
    )


@pytest.mark.parametrize("dimension", ["region", "channel", "gift"])
def test_a_table_is_that_of_plain_sql(shop: Lapwing, dimension: str) -> None:
    """Actual values of the day, and expected ones as the mean of the two usual of the four weeks before."""
    found = why(shop, "orders.failed", local(20), local(21))
    (one,) = (each for each in found.tables if each.dimension == dimension)
    now = failed_by(shop, dimension, "2024-02-20")
    weeks = [failed_by(shop, dimension, day) for day in ("2024-02-13", "2024-02-06", "2024-01-30", "2024-01-23")]
    middle = median(sum(of.values()) for of in weeks)
    before = sorted(weeks, key=lambda of: abs(sum(of.values()) - middle))[:2]
    for row in one.rows:
        assert row.actual == now[row.value]
        assert row.expected == pytest.approx(sum(of.get(row.value, 0) for of in before) / 2)
    assert sum(row.share or 0 for row in one.rows) == pytest.approx(1)
    assert all(first.difference >= second.difference for first, second in pairwise(one.rows))


def test_what_was_expected_of_the_whole_is_spread_over_its_parts(shop: Lapwing) -> None:
    """The parts of the difference add up to that of the headline, whatever the weeks before say."""
    found = why(shop, "orders.failed", local(20), local(21), usual=0.25)
    assert found.actual is not None
    assert found.expected == pytest.approx(found.actual / 4)
    for table in found.tables:
        assert sum(row.expected for row in table.rows) == pytest.approx(found.expected)
        assert sum(row.difference for row in table.rows) == pytest.approx(found.actual * 0.75)


@pytest.mark.parametrize("usual", [None, 0.2])
def test_rate_and_mix_add_up_to_the_change(shop: Lapwing, usual: float | None) -> None:
    found = why(shop, "orders.fail_rate", local(20, 12), local(20, 18), usual=usual)
    failed, count = rows(
        f"select count(*) filter (where failed), count(*) from '{shop.project.root}/data/orders/*.parquet' "
        "where \"at\" >= '2024-02-20 12:00' and \"at\" < '2024-02-20 18:00'"
    )[0]
    assert found.actual == pytest.approx(failed / count)
    assert found.actual is not None
    assert found.expected is not None
    for table in found.tables:
        assert sum(row.actual for row in table.rows) == failed
        change = sum((row.rate or 0) + (row.mix or 0) for row in table.rows)
        assert change == pytest.approx(found.actual - found.expected)
        assert sum(row.share or 0 for row in table.rows) == pytest.approx(1)


def test_the_slice_of_the_bad_day_is_named(shop: Lapwing) -> None:
    found = why(shop, "orders.failed", local(20), local(21), direction=1)
    assert found.cause.clear
    assert found.cause.slice == (("region", "north"),)
    assert found.cause.says.startswith("Mostly north (region): ")
    assert found.cause.p is not None
    assert found.cause.p <= 0.05
    assert found.parts[0].chosen
    assert found.parts[0].share == found.cause.share


def test_a_usual_day_has_no_clear_cause(shop: Lapwing) -> None:
    assert not why(shop, "orders.failed", local(14), local(15)).cause.clear


def test_within_a_slice_its_dimension_is_no_cause(shop: Lapwing) -> None:
    found = why(shop, "orders.failed", local(20), local(21), where="region = 'north'", fixed=("region",))
    assert {each.dimension for each in found.tables} == {"channel", "gift"}
    assert not found.cause.clear


def test_by_names_what_it_is_split_by(shop: Lapwing) -> None:
    found = why(shop, "orders.failed", local(20), local(21), by=("channel",))
    assert [each.dimension for each in found.tables] == ["channel"]


def test_two_stretches_of_different_lengths_are_compared_by_the_hour(shop: Lapwing) -> None:
    """Twelve hours against twenty-four: half of what the day had was to be expected."""
    found = Why(shop).find(
        Question(metric="orders.orders", now=(local(20, 12), local(21)), before=((local(13), local(14)),))
    )
    (day,) = rows(f"select count(*) from '{shop.project.root}/data/orders/*.parquet' where \"at\"::date = '2024-02-13'")
    assert found.expected == pytest.approx(day[0] / 2)


def test_levels_have_no_parts(shop: Lapwing) -> None:
    found = why(shop, "orders.dearest", local(20), local(21))
    assert found.tables == ()
    assert "do not add up" in found.cause.says


def test_without_anything_before_there_is_no_cause(shop: Lapwing) -> None:
    found = Why(shop).find(Question(metric="orders.failed", now=(local(20), local(21)), before=()))
    assert "no comparable week" in found.cause.says


def test_factors_and_neighbours_of_a_count(shop: Lapwing) -> None:
    """Failed orders are orders times their rate; what each explains adds up."""
    found = why(shop, "orders.failed", local(20), local(21))
    assert found.formula == "Orders × Fail rate"
    assert [factor.metric for factor in found.factors] == ["orders.fail_rate", "orders.orders"]
    assert found.actual is not None
    assert found.expected is not None
    assert sum(factor.part for factor in found.factors) == pytest.approx(found.actual - found.expected)


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


def test_a_gain_that_becomes_a_loss_has_a_cause(shop: Lapwing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two dollars an order are earned, and twenty are lost with each that fails."""
    orders = shop.project.datasets["orders"]
    earned, lost = (
        Binary("*", Number(value), MeasureRef("orders", name)) for name, value in (("orders", 2.0), ("failed", 20.0))
    )
    gain = replace(orders.metrics["revenue"], name="gain", expression=Binary("-", earned, lost))
    project = replace(shop.project, datasets={"orders": replace(orders, metrics={**orders.metrics, "gain": gain})})
    monkeypatch.setattr(shop, "project", project)
    found = why(shop, "orders.gain", local(20), local(21))
    assert found.actual is not None
    assert found.expected is not None
    assert found.actual < 0 < found.expected
    assert found.cause.clear
    assert found.cause.slice == (("region", "north"),)
    assert found.cause.says.startswith("Mostly north (region): ")
