"""Stretches of time that can be laid beside one."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from lapwing.model.calendar import from_us, to_us

WEEKS = 4
"""How many weeks back comparable stretches are looked for."""
Stretch = tuple[int, int]
"""[start, end) in UTC microseconds."""


def earlier(start: int, end: int, zone: str) -> list[Stretch]:
    """The same stretch by the wall clock, one to four weeks (or the stretch's own length in weeks, if longer) before."""
    info = ZoneInfo(zone)
    weeks = max(1, -(-(end - start) // (7 * 86_400_000_000)))

    def back(moment: int, count: int) -> int:
        local = from_us(moment).astimezone(info).replace(tzinfo=None) - timedelta(weeks=weeks * count)
        return to_us(local.replace(tzinfo=info))

    return [(back(start, count), back(end, count)) for count in range(1, WEEKS + 1)]
