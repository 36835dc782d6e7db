"""Who is told what while data is not right: the data first, and the metric once it is known to be its own news."""

from __future__ import annotations

from pathlib import Path

from tests.alerts.data.feed import HOUR, PROJECT, START, Feed, usual
from tests.alerts.data.test_keeper import teach

from lapwing.alerts.delivery.service import Deliveries

CHANNELS = """
channels:
  hook: {type: webhook, url: "http://127.0.0.1:9/never"}
subscriptions:
  all: {channels: hook}
"""


def test_a_metric_is_told_when_the_data_is_mended_and_it_is_still_unusual(tmp_path: Path) -> None:
    with Feed(tmp_path / "p", project=PROJECT + CHANNELS) as feed:
        deliveries = Deliveries(feed.lapwing, feed.alerts, feed.alerts._state)
        teach(feed)
        feed.to(START + 2 * HOUR)
        lost = {START + hours * HOUR for hours in range(3, 9)}
        feed.share = lambda hour, age: usual(hour, age) * (0.02 if hour in lost else 1.0)
        feed.to(START + 13 * HOUR)
        feed.alerts.replay()
        (metric,) = feed.alerts.incidents(kind="anomaly")
        (late,) = feed.alerts.incidents(kind="data")
        deliveries.plan()
        assert _planned(deliveries) == {(late.id, "opened")}
        feed.share = lambda hour, age: usual(hour, age) * (0.5 if hour in lost else 1.0)
        feed.to(START + 14 * HOUR)
        feed.alerts.replay()
        deliveries.plan()
        assert _planned(deliveries) == {(late.id, "opened"), (late.id, "resolved"), (metric.id, "opened")}
        deliveries.plan()
        assert len(_planned(deliveries)) == 3


def _planned(deliveries: Deliveries) -> set[tuple[int, str]]:
    return {(number, one.kind) for one in deliveries.outbox.record() for number in one.incidents}
