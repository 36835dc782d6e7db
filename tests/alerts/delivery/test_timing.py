"""When messages go out, by the wall clock of the project's zone, also when the clocks change."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.delivery.timing import after_quiet, due, next_digest
from lapwing.model.calendar import from_us, to_us
from lapwing.model.delivery import Digest, QuietHours, Subscription

ZONE = "America/New_York"


def at(text: str) -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)))


def said(moment: int) -> str:
    return from_us(moment).astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(
    ("digest", "now", "then"),
    [
        (Digest(minute=480), "2024-02-20T07:59", "2024-02-20T08:00"),
        (Digest(minute=480), "2024-02-20T08:00", "2024-02-21T08:00"),
        (Digest(minute=480, weekday=0), "2024-02-20T07:59", "2024-02-26T08:00"),
        (Digest(minute=480, weekday=1), "2024-02-20T08:00", "2024-02-27T08:00"),
        (Digest(minute=150), "2024-03-09T12:00", "2024-03-10T03:30"),  # half past two does not come that night
    ],
)
def test_the_next_digest(digest: Digest, now: str, then: str) -> None:
    assert said(next_digest(digest, at(now), ZONE)) == then


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2024-02-20T21:59", "2024-02-20T21:59"),
        ("2024-02-20T22:00", "2024-02-21T07:00"),
        ("2024-02-21T06:59", "2024-02-21T07:00"),
        ("2024-02-21T07:00", "2024-02-21T07:00"),
        ("2024-03-09T23:00", "2024-03-10T07:00"),
    ],
)
def test_the_end_of_the_night(now: str, then: str) -> None:
    assert said(after_quiet(QuietHours(start=22 * 60, end=7 * 60), at(now), ZONE)) == then


def test_quiet_hours_of_one_day() -> None:
    lunch = QuietHours(start=12 * 60, end=13 * 60)
    assert said(after_quiet(lunch, at("2024-02-20T12:30"), ZONE)) == "2024-02-20T13:00"
    assert said(after_quiet(lunch, at("2024-02-20T13:30"), ZONE)) == "2024-02-20T13:30"


moments = st.integers(at("2023-01-01T00:00"), at("2026-01-01T00:00"))
minutes = st.integers(0, 1439)


@given(moments, minutes, st.none() | st.integers(0, 6))
def test_a_digest_comes_later_and_within_a_week(now: int, minute: int, weekday: int | None) -> None:
    then = next_digest(Digest(minute=minute, weekday=weekday), now, ZONE)
    assert 0 < then - now <= (8 if weekday is not None else 2) * 86_400_000_000


@given(moments, minutes, minutes)
def test_after_quiet_hours_it_is_not_quiet(now: int, start: int, end: int) -> None:
    if start != end:
        then = after_quiet(QuietHours(start=start, end=end), now, ZONE)
        assert now <= then < now + 25 * 3_600_000_000
        assert after_quiet(QuietHours(start=start, end=end), then, ZONE) in (then, then + 3_600_000_000)


def test_what_a_subscription_says() -> None:
    now = at("2024-02-20T23:00")
    plain = Subscription(name="s", channels=("c",))
    assert due(plain, now, ZONE) == now
    quiet = Subscription(name="s", channels=("c",), quiet=QuietHours(start=22 * 60, end=7 * 60))
    assert said(due(quiet, now, ZONE)) == "2024-02-21T07:00"
    digest = Subscription(name="s", channels=("c",), digest=Digest(minute=480))
    assert said(due(digest, now, ZONE)) == "2024-02-21T08:00"
