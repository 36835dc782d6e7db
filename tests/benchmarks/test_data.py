"""Readiness and late data on the benchmark's made feeds: bounds below what it gives."""

from __future__ import annotations

from benchmarks.alerts.data.feeds import made
from benchmarks.alerts.data.replay import replayed
from benchmarks.alerts.data.table import LEARN, together


def test_readiness_does_away_with_false_alarms_and_late_data_is_found() -> None:
    found = [replayed(feed, LEARN) for feed in made(5, 42)]
    figures = together(found)
    assert figures["false as it arrives"] >= 20, "what arrives slowly is a false alarm each hour"
    assert figures["false when ready"] <= 0.5
    assert figures["false so far"] <= 0.3
    assert figures["late recall"] >= 0.75
    assert figures["false late"] <= 0.3
    assert figures["median lead, h"] >= 2
