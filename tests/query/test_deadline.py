"""The time limit counts from a statement's arrival."""

from __future__ import annotations

import pytest

import lapwing.query.deadline
import lapwing.query.statement
from lapwing.model.problem import TimeLimit
from lapwing.query.ask import SqlQuery, Wishes
from lapwing.query.deadline import Deadline
from lapwing.query.service import Lapwing


class Clock:
    """Each look at it is ten seconds after the one before."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 10
        return self.now


def test_what_passed_is_taken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapwing.query.deadline, "time", Clock())
    deadline = Deadline(25)
    assert deadline.left() == 15
    assert deadline.on(Wishes(time_limit=25, exact=True)) == Wishes(time_limit=5, exact=True)
    with pytest.raises(TimeLimit, match="longer than its 25 seconds"):
        deadline.left()


def test_metrics_planning_and_running_share_one_limit(flights: Lapwing, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []

    def noted(name: str, owner: object) -> None:
        of = getattr(owner, name)

        def call(*given: object, **more: object) -> object:
            wished = more.get("wishes") or getattr(given[0], "wishes", None)
            limits.append(wished.time_limit if isinstance(wished, Wishes) else float(str(more["time_limit"])))
            return of(*given, **more)

        monkeypatch.setattr(owner, name, call)

    noted("answer", flights)
    noted("ready", flights.sql)
    noted("run", flights.results)
    monkeypatch.setattr(lapwing.query.deadline, "time", Clock())
    asked = "select carrier, flights from metrics.flights"
    flights.run_sql(SqlQuery(text=asked, wishes=Wishes(time_limit=100))).table()
    assert limits == [80, 70, 60]
    with pytest.raises(TimeLimit, match="before it ran"):
        flights.run_sql(SqlQuery(text=asked, wishes=Wishes(time_limit=35)))
