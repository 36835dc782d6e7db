"""One event is told once."""

from __future__ import annotations

from lapwing.alerts.novelty.alarms import Alarms


def test_the_bar_sinks() -> None:
    alarms = Alarms()
    assert alarms.told(0, 4.0, 100) == 4.0
    assert alarms.told(1, 3.9, 100) == 0.0
    assert alarms.told(2, 5.0, 100) == 5.0, "what is higher is news"
    assert alarms.told(52, 2.0, 100) == 0.0
    assert alarms.told(70, 2.0, 100) == 2.0
    assert alarms.told(171, 0.1, 100) == 0.1


def test_an_event_that_grows_is_told_once() -> None:
    alarms = Alarms()
    assert alarms.told(0, 8.0, 100) == 8.0
    assert [alarms.told(at, 8.0 + at, 100) for at in range(1, 5)] == [0.0] * 4
    assert alarms.told(5, 16.0, 100) == 16.0, "what is twice as high is news"
    assert alarms.told(55, 12.0, 100) == 0.0
    assert alarms.told(75, 12.0, 100) == 12.0


def test_flags_rest_unless_doubled() -> None:
    alarms = Alarms()
    assert not alarms.flagged(0, 9.9, 100)
    assert alarms.flagged(1, 10.0, 100)
    assert not alarms.flagged(2, 19.0, 100)
    assert alarms.flagged(3, 20.0, 100)
    assert not alarms.flagged(103, 30.0, 100)
    assert alarms.flagged(104, 10.0, 100)
