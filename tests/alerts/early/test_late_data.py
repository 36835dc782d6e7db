"""Goals and limits over data that comes late: the last hours are there in part, which is no reason to warn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from tests.alerts.data.feed import DATASET, HOUR, PROJECT, START, Feed

from lapwing.alerts.early import goals, limits
from lapwing.alerts.early.complete import HOUR as HOURLY
from lapwing.alerts.early.complete import complete
from lapwing.alerts.early.unwatched import together
from lapwing.alerts.inputs import Complete
from lapwing.model.calendar import to_us
from lapwing.model.goal import Goal, Limit

GOALS = """
goals:
  orders: {metric: orders, period: day, at_least: 2000}
limits:
  few: {metric: orders, below: 70, grain: hour, within: 3 hours}
"""
AFTER = 3_600_000_000 * 3


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    """Four weeks, and a day to its evening: the last three hours are half there."""
    with Feed(tmp_path_factory.mktemp("late") / "p", project=PROJECT + GOALS, dataset=DATASET) as found:
        found.to(START + 21 * HOUR, look=False)
        yield found


def ready(feed: Feed, after: int = AFTER) -> Complete:
    return Complete(after, to_us(feed.now) - after)


def goal(feed: Feed) -> Goal:
    return feed.lapwing.project.goals["orders"]


def limit(feed: Feed) -> Limit:
    return feed.lapwing.project.limits["few"]


def test_what_is_not_complete_is_not_counted(feed: Feed) -> None:
    every = complete(feed.lapwing, "orders.orders", (), HOURLY)
    learned = complete(feed.lapwing, "orders.orders", (), HOURLY, lambda _: ready(feed))
    assert len(every.starts) - len(learned.starts) == 3
    assert (every.complete_after, learned.complete_after) == (0, AFTER)
    np.testing.assert_array_equal(learned.values, every.values[:, :-3])


def test_a_goal_is_paced_by_what_is_complete(feed: Feed) -> None:
    hasty, calm = (goals.judge(feed.lapwing, goal(feed), of) for of in (lambda _: None, lambda _: ready(feed)))
    assert hasty.pace.projected[0, -1] < calm.pace.projected[0, -1] - 30
    assert calm.known_buckets(to_us(feed.now)) == calm.amount.shape[1]


def test_a_limit_is_not_crossed_by_what_is_not_there_yet(feed: Feed) -> None:
    hasty, calm = (limits.judge(feed.lapwing, limit(feed), of) for of in (lambda _: None, lambda _: ready(feed)))
    assert [one.opened for one in hasty.warned], "the last hours have half of their orders"
    assert not calm.warned
    assert calm.complete_after == AFTER


def test_leaders_that_nobody_watches_are_judged_where_they_are_complete(feed: Feed) -> None:
    (every,), (learned,) = (
        together(feed.lapwing, ["orders.orders"], HOURLY, of) for of in (lambda _: None, lambda _: ready(feed))
    )
    assert np.isfinite(every.amount).sum() - np.isfinite(learned.amount).sum() == 3
    assert learned.complete_after == AFTER


@pytest.mark.long
def test_what_was_learned_by_looking_keeps_early_warnings_quiet(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Four days looked at every two hours teach how orders arrive; then a day goes by without a warning."""
    with Feed(tmp_path_factory.mktemp("learned") / "p", project=PROJECT + GOALS, dataset=DATASET) as feed:
        while feed.now < START + timedelta(days=4):
            feed.to(feed.now + HOUR)
        learned = feed.alerts.data.readiness.complete("orders")
        assert learned is not None
        assert learned.after >= 2 * 3_600_000_000
        since = feed.now
        while feed.now < START + timedelta(days=5):
            feed.to(feed.now + 2 * HOUR)
            feed.alerts.replay()
        found = feed.alerts.incidents(kind="warning", start=since)
        assert [one.monitor for one in found] == []
