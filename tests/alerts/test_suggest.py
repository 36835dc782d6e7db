"""Suggestions: what costs money and is asked for, and nobody watches."""

from __future__ import annotations

from lapwing.alerts.service import Alerts
from lapwing.alerts.suggest import suggestions
from lapwing.cache.questions import Shape, Tally
from lapwing.query.service import Lapwing

ASKED = Shape(("orders.revenue", "orders.orders"), (), None, "UTC", (), "rollup")
RARELY = Shape(("orders.dearest",), (), None, "UTC", (), "rollup")


def test_what_is_asked_for_or_has_a_direction_comes_first_and_what_is_watched_not_at_all(shop: Lapwing) -> None:
    asked = {ASKED: Tally(count=41), RARELY: Tally(count=1)}
    found = suggestions(shop.project, shop.project.monitors.values(), asked)
    assert [one.metric for one in found] == ["orders.revenue", "orders.orders"]
    assert found[0].why == "Asked for 41 times lately, up is better, and nobody watches it."
    unwatched = suggestions(shop.project, (), asked, most=2)
    assert [one.metric for one in unwatched] == ["orders.failed", "orders.revenue"]
    assert unwatched[0].why.startswith("What it costs is known, down is better")


def test_what_is_followed_is_suggested_no_more(alerts: Alerts) -> None:
    first = alerts.suggestions()[0]
    alerts.follow(first.metric)
    assert first.metric not in [one.metric for one in alerts.suggestions()]
