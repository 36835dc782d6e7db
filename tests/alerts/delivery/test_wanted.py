"""Who is told of what."""

from __future__ import annotations

from typing import Any

import pytest

from lapwing.alerts.delivery.wanted import Subject, chosen, wanted
from lapwing.alerts.life import life
from lapwing.alerts.record import Happened
from lapwing.model.delivery import Subscription

DAY = 86_400_000_000
SUBJECT = Subject(
    monitor="failed_daily", metric="orders.failed", tags=("money",), slice={"region": "north"}, standing=True
)


def subscription(**parts: Any) -> Subscription:
    return Subscription(name="s", channels=("c",), **parts)


def line(kind: str = "opened", at: int = 0, recorded: int | None = None, who: str = "", **data: Any) -> Happened:
    return Happened(number=1, kind=kind, at=at, recorded=at if recorded is None else recorded, who=who, data=data)


def is_wanted(of: Subscription, one: Happened, *others: Happened, told_before: bool = False, **parts: Any) -> bool:
    from dataclasses import replace

    now = life([one, *(replace(other, number=n) for n, other in enumerate(others, 2))])
    return wanted(of, replace(SUBJECT, **parts), one, now, told_before=told_before)


@pytest.mark.parametrize(
    ("parts", "is_meant"),
    [
        ({}, True),
        ({"monitors": ("failed_daily",)}, True),
        ({"monitors": ("other",)}, False),
        ({"metrics": ("orders.failed",)}, True),
        ({"monitors": ("other",), "metrics": ("orders.failed",)}, True),
        ({"tags": ("money", "other")}, True),
        ({"tags": ("other",)}, False),
        ({"slice": {"region": "north"}}, True),
        ({"slice": {"region": "south"}}, False),
        ({"slice": {"gift": "true"}}, False),
        ({"monitors": ("failed_daily",), "slice": {"region": "south"}}, False),
        ({"person": "Ann"}, False),
        ({"person": "Ann", "tags": ("money",)}, True),
    ],
)
def test_what_a_subscription_is_about(parts: dict[str, Any], is_meant: bool) -> None:
    assert chosen(subscription(**parts), SUBJECT) is is_meant


def test_what_is_found_late_is_history_unless_it_is_open() -> None:
    old = line(at=0, recorded=2 * DAY)
    over = Happened(number=2, kind="resolved", at=DAY, recorded=2 * DAY)
    assert is_wanted(subscription(), old)
    assert not is_wanted(subscription(), old, over)
    assert is_wanted(subscription(), line(at=0, recorded=DAY), over)


def test_restated_data_is_told_of_the_last_days_only() -> None:
    over = Happened(number=2, kind="resolved", at=20 * DAY, recorded=20 * DAY)
    assert is_wanted(subscription(), line(at=20 * DAY, until=15 * DAY), over)
    assert not is_wanted(subscription(), line(at=20 * DAY, until=5 * DAY), over)
    assert is_wanted(subscription(), line(at=20 * DAY, until=5 * DAY)), "it is open"
    assert not is_wanted(subscription(), line(at=20 * DAY, until=15 * DAY), told_before=True), (
        "only when it opened moved"
    )
    assert is_wanted(subscription(), line(at=20 * DAY - 1, recorded=20 * DAY, until=15 * DAY), told_before=True)


def test_what_opens_again_by_restated_data_is_told_to_those_who_were_told_that_it_was_nothing() -> None:
    """A maintenance window that was taken back: "it is told already" would leave them with its retraction."""
    again = line(at=20 * DAY, until=19 * DAY)
    of = subscription()
    assert wanted(of, SUBJECT, again, life([again]), told_before=True, back=True)
    assert not wanted(of, SUBJECT, again, life([again]), told_before=True, back=False)


def test_what_was_retracted_before_anybody_was_told_is_told_to_nobody() -> None:
    gone = Happened(number=2, kind="retracted", at=DAY, recorded=DAY, data={"reason": "complete"})
    assert not is_wanted(subscription(), line(at=DAY), gone)
    assert not is_wanted(subscription(), line("grew", at=DAY), gone)


def test_ends_are_told_to_those_who_know() -> None:
    for kind in ("resolved", "retracted", "closed", "accepted"):
        end = line(kind, reason="late_data")
        assert not is_wanted(subscription(), end)
        assert is_wanted(subscription(), end, told_before=True)
        assert is_wanted(subscription(monitors=("other",)), end, told_before=True), "they were told that it began"


def test_what_another_incident_stands_for_is_not_told() -> None:
    assert not is_wanted(subscription(), line(), standing=False)
    assert is_wanted(subscription(), line("resolved"), standing=False, told_before=True)


def test_records_are_told_unless_it_is_snoozed() -> None:
    opened = Happened(number=2, kind="opened", at=0, recorded=0)
    snoozed = Happened(number=3, kind="snoozed", at=1, recorded=1, who="Ann", data={"until": 100})
    assert is_wanted(subscription(), line("grew", at=50), opened)
    assert not is_wanted(subscription(), line("grew", at=50), opened, snoozed)
    assert is_wanted(subscription(), line("grew", at=150), opened, snoozed)


def test_what_is_assigned_to_somebody() -> None:
    mine = subscription(person="Ann")
    assert is_wanted(mine, line("assigned", who="Bo", to="Ann"))
    assert not is_wanted(mine, line("assigned", who="Bo", to="Cy"))
    assert not is_wanted(mine, line("assigned", who="Ann", to="Ann")), "who took it knows"
    assert not is_wanted(subscription(), line("assigned", who="Bo", to="Ann"))


@pytest.mark.parametrize("kind", ["acknowledged", "commented", "snoozed", "withdrawn"])
def test_what_needs_no_message(kind: str) -> None:
    assert not is_wanted(subscription(), line(kind, who="Ann", until=0, text="x", of=[9]), told_before=True)


ABOUT_DATA = Subject(
    monitor="data:orders:late", metric="orders.orders", tags=("pipeline",), slice={}, standing=True, dataset="orders"
)


@pytest.mark.parametrize(
    ("parts", "of_data", "of_metric"),
    [
        ({}, True, True),
        ({"data": False}, False, True),
        ({"data": "only"}, True, False),
        ({"datasets": ("orders",)}, True, False),
        ({"datasets": ("flights",)}, False, False),
        ({"datasets": ("orders",), "metrics": ("orders.failed",)}, True, True),
        ({"metrics": ("orders.failed",)}, False, True),
        ({"tags": ("pipeline",)}, True, False),
        ({"tags": ("pipeline",), "data": False}, False, False),
        ({"slice": {"region": "north"}}, False, True),
    ],
)
def test_what_is_wrong_with_data_is_chosen_by_dataset_tag_and_kind(
    parts: dict[str, Any], of_data: bool, of_metric: bool
) -> None:
    assert chosen(subscription(**parts), ABOUT_DATA) is of_data
    assert chosen(subscription(**parts), SUBJECT) is of_metric


def test_what_is_taken_back_is_told_and_what_is_confirmed_is_told_by_the_metric() -> None:
    so_far: dict[str, Any] = {"monitor": "failed_daily", "slice": {}}
    opened = line()
    assert is_wanted(subscription(), opened, **so_far)
    assert is_wanted(subscription(), line("retracted", 1, reason="arrived"), told_before=True, **so_far)
    assert not is_wanted(subscription(), line("retracted", 1, reason="arrived"), told_before=False, **so_far)
    assert not is_wanted(subscription(), line("closed", 1, reason="confirmed"), told_before=True, **so_far)
    assert is_wanted(subscription(), line("closed", 1, reason="deleted"), told_before=True, **so_far)


def test_what_explains_another_metric_is_told_to_who_is_not_told_of_that() -> None:
    whole = Subject(monitor="revenue_daily", metric="orders.revenue", tags=(), slice={"region": "north"}, standing=True)
    assert not is_wanted(subscription(), line(), told_with=whole)
    assert is_wanted(subscription(metrics=("orders.failed",)), line(), told_with=whole)
