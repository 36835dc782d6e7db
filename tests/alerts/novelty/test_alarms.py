"""One event is told once."""

from __future__ import annotations

from lapwing.alerts.novelty.alarms import Alarms


def test_the_bar_sinks() -> None:
    alarms = Alarms()
    assert alarms.told(0, 8.0, 100) == 8.0
    assert alarms.told(1, 7.9, 100) == 0.0
    assert alarms.told(2, 9.0, 100) == 9.0, "what is higher is news"
    assert alarms.told(52, 4.0, 100) == 0.0
    assert alarms.told(60, 4.0, 100) == 4.0
    assert alarms.told(161, 0.1, 100) == 0.1


def test_flags_rest_unless_doubled() -> None:
    alarms = Alarms()
    assert not alarms.flagged(0, 9.9, 100)
    assert alarms.flagged(1, 10.0, 100)
    assert not alarms.flagged(2, 19.0, 100)
    assert alarms.flagged(3, 20.0, 100)
    assert not alarms.flagged(103, 30.0, 100)
    assert alarms.flagged(104, 10.0, 100)
