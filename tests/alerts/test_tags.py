"""What is followed by a tag: all its metrics, those to come as well, under one name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.alerts.shop import DATASET, PROJECT, open_alerts, write_shop

from lapwing.alerts.service import Alerts
from lapwing.model.problem import Conflict, LapwingError, NotFound, WrongUse
from lapwing.query.service import Lapwing

TAGGED = DATASET.replace("better: down}", "better: down, tags: [quality]}").replace(
    "revenue: {sum: price,", "revenue: {sum: price, tags: [money],"
)
WRITTEN = PROJECT + "  of_quality: {{watch: tag:quality, grain: day}}\n"
MORE = TAGGED.replace("dearest: {max: price}", "dearest: {max: price, tags: money}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shop(tmp_path_factory.mktemp("tagged"), dataset=TAGGED, project=WRITTEN)


@pytest.fixture
def alerts(folder: Path, tmp_path: Path) -> Iterator[Alerts]:
    (folder / "datasets" / "orders.yaml").write_text(TAGGED)
    with Lapwing.open(folder) as lapwing:
        service = open_alerts(lapwing, tmp_path / "state.db")
        yield service
        service.close()


def test_it_tells_what_monitors_of_each_would(alerts: Alerts) -> None:
    made = alerts.follow("tag:money")
    assert (made.name, [one.name for one in made.monitors]) == ("tag_money_day", ["tag_money_day.orders.revenue"])
    assert {one.monitor for one in alerts.replay("of_quality")} == {"of_quality.orders.fail_rate"}
    views = {one.name: one for one in alerts.monitor_views()}
    of = views["tag_money_day.orders.revenue"]
    assert (of.tag, of.group, of.tags, of.followed) == ("money", "tag_money_day", ["money"], True)
    assert views["of_quality.orders.fail_rate"].followed is False
    assert (views["rate_hourly"].tag, views["rate_hourly"].tags) == (None, ["quality"])
    assert {one.metric for one in alerts.board().quiet} >= {"orders.revenue"}
    assert [card.monitor for card in alerts.scores("tag_money_day")] == ["tag_money_day.orders.revenue"]


def test_a_backtest_of_a_tag_adds_up(alerts: Alerts) -> None:
    whole = alerts.backtest("tag:quality", by=("region",))
    (one,) = (alerts.backtest("fail_rate", by=("region",)),)
    assert (whole.metric, whole.series, whole.fired, whole.choices) == ("tag:quality", 4, one.fired, one.choices)
    assert {fired.metric for fired in whole.incidents} == {"orders.fail_rate"}


def test_a_metric_that_gets_the_tag_is_followed_by_itself(folder: Path, tmp_path: Path) -> None:
    for dataset, names in ((TAGGED, ["revenue"]), (MORE, ["revenue", "dearest"]), (DATASET, [])):
        (folder / "datasets" / "orders.yaml").write_text(dataset)
        (folder / "lapwing.yaml").write_text(PROJECT.format(now="2024-06-01"))
        with Lapwing.open(folder) as lapwing:
            alerts = open_alerts(lapwing, tmp_path / "state.db")
            if dataset is TAGGED:
                alerts.follow("tag:money")
            alerts.replay()
            followed = [one.metric.removeprefix("orders.") for one in alerts.monitors() if one.tag]
            alerts.close()
        assert followed == names
    (folder / "lapwing.yaml").write_text(WRITTEN.format(now="2024-06-01"))


def test_it_ends_under_its_name_only(alerts: Alerts) -> None:
    alerts.follow("tag:money")
    with pytest.raises(Conflict):
        alerts.follow("tag:money")
    with pytest.raises(WrongUse) as error:
        alerts.unfollow("tag_money_day.orders.revenue")
    assert "Unfollow tag_money_day" in str(error.value.problems[0].hint)
    with pytest.raises(WrongUse) as error:
        alerts.unfollow("of_quality")
    assert error.value.problems[0].code == "written-monitor"
    alerts.unfollow("tag_money_day")
    assert not [one for one in alerts.monitors() if one.tag == "money"]


def test_what_is_followed_by_itself_goes_before_its_tag(alerts: Alerts) -> None:
    alerts.follow("tag:money")
    alerts.follow("revenue", sensitivity=6.0)
    assert [one.name for one in alerts.monitors() if one.metric == "orders.revenue"] == ["revenue_day"]
    alerts.unfollow("revenue_day")
    assert [one.name for one in alerts.monitors() if one.metric == "orders.revenue"] == ["tag_money_day.orders.revenue"]


@pytest.mark.parametrize(
    ("metric", "terms", "raised", "code", "near"),
    [
        ("tag:mony", {}, NotFound, "unknown-tag", ("tag:money",)),
        ("tag:money", {"min_change": 3.0}, WrongUse, "unused-term", ()),
        ("tag:money", {"by": ("regio",)}, NotFound, "unknown-dimension", ("region",)),
    ],
)
def test_what_makes_no_sense(
    alerts: Alerts, metric: str, terms: dict[str, object], raised: type[LapwingError], code: str, near: tuple[str, ...]
) -> None:
    with pytest.raises(raised) as error:
        alerts.follow(metric, **terms)  # type: ignore[arg-type]
    assert (error.value.problems[0].code, error.value.problems[0].nearest) == (code, near)


def test_a_name_that_is_no_monitor(alerts: Alerts) -> None:
    with pytest.raises(NotFound) as error:
        alerts.replay("of_qualty")
    assert error.value.problems[0].nearest[0] == "of_quality"
