"""What lies beside a change in time: the project's own events, whether expected or told after, and public holidays."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lapwing.alerts.views.incident import EventView
from lapwing.model.calendar import from_us, local_iso, to_us
from lapwing.model.project import Project


def events_beside(project: Project, start: int, end: int, shown_in: str | None = None) -> list[EventView]:
    """Those in [start, end), UTC microseconds: own events in their order, then holidays on whose day there is no own one. Times
    are told in the zone `shown_in` (the project's, unless said)."""
    zone, low, high = ZoneInfo(project.timezone), from_us(start), from_us(end)
    own = [(event.name, *at) for event in project.events for at in event.occurrences(low, high, zone)]
    days = []
    if project.calendar is not None and low < high:
        first, last = (at.astimezone(zone).date() for at in (low, high - timedelta(microseconds=1)))
        for day, name in project.calendar.days(first, last).items():
            begins, over = (
                datetime(one.year, one.month, one.day, tzinfo=zone) for one in (day, day + timedelta(days=1))
            )
            if not any(since < over and until > begins for _, since, until in own):
                days.append((name, begins, over))
    told_in = shown_in or project.timezone
    return [
        EventView(name=name, start=local_iso(to_us(since), told_in), end=local_iso(to_us(until), told_in))
        for name, since, until in (*own, *days)
    ]
