"""One event is told once: a bar at the height of the last alarm, which sinks with every point after it."""

from __future__ import annotations

from lapwing.alerts.novelty.constants import AGAIN, ALARM, FLAG


class Alarms:
    """Of one series. What does not reach over the bar is no news."""

    def __init__(self) -> None:
        self._height = 0.0
        self._at = 0
        self._flagged = 0.0
        self._flagged_at: int | None = None

    def told(self, number: int, decades: float, rest: float) -> float:
        """The decades of point `number`, or 0 where the bar, which is down after `rest` points, is not below them.

        After what was alarming by itself the bar is higher than it, for an event that grows is still the same event.
        """
        standing = max(0.0, 1 - (number - self._at) / rest)
        bar = self._height * standing
        if self._height >= ALARM:
            bar *= 1 + (AGAIN - 1) * standing
        if decades <= bar:
            return 0.0
        self._height, self._at = decades, number
        return decades

    def flagged(self, number: int, decades: float, rest: float) -> bool:
        """Whether this is an anomaly: high enough, and not within `rest` points of another unless twice as high."""
        resting = self._flagged_at is not None and number - self._flagged_at <= rest
        if decades < FLAG or (resting and decades < AGAIN * self._flagged):
            return False
        self._flagged, self._flagged_at = decades, number
        return True
