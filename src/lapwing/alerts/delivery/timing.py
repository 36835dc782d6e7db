"""When a message goes out: at once, after quiet hours, or with the next digest; by the wall clock of the project's zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from lapwing.model.calendar import from_us, to_us
from lapwing.model.delivery import Digest, QuietHours, Subscription


def due(subscription: Subscription, now: int, zone: str) -> int:
    """When what happens `now` (UTC microseconds) is told."""
    if subscription.digest is not None:
        return next_digest(subscription.digest, now, zone)
    return now if subscription.quiet is None else after_quiet(subscription.quiet, now, zone)


def next_digest(digest: Digest, now: int, zone: str) -> int:
    """The first time after `now` at which a digest is sent."""
    local = from_us(now).astimezone(ZoneInfo(zone))
    for days in range(9):
        day = local.date() + timedelta(days=days)
        at = to_us(_at(datetime.combine(day, time()), digest.minute, zone))
        if at > now and digest.weekday in (None, day.weekday()):
            return at
    raise AssertionError("every weekday is within nine days")


def after_quiet(quiet: QuietHours, now: int, zone: str) -> int:
    """`now`, or the end of the quiet hours that it lies in."""
    local = from_us(now).astimezone(ZoneInfo(zone))
    minute = 60 * local.hour + local.minute
    over_midnight = quiet.end < quiet.start
    inside = quiet.start <= minute < quiet.end if not over_midnight else minute >= quiet.start or minute < quiet.end
    if not inside:
        return now
    day = local.date() + timedelta(days=1 if over_midnight and minute >= quiet.start else 0)
    return max(now, to_us(_at(datetime.combine(day, time()), quiet.end, zone)))


def _at(midnight: datetime, minute: int, zone: str) -> datetime:
    return midnight.replace(hour=minute // 60, minute=minute % 60, tzinfo=ZoneInfo(zone))
