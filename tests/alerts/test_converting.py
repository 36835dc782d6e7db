"""A conversion is judged where it can't rise any more, and again when what converts comes in."""

from __future__ import annotations

import sqlite3
from math import nan
from pathlib import Path

import pytest
from tests.alerts.shop import open_alerts
from tests.trips import DAY_BY_DAY, EVERY_OTHER, trips

from lapwing.alerts.chance import Kind
from lapwing.alerts.converting import read_from, waits
from lapwing.alerts.history import Asking
from lapwing.alerts.judged import judge
from lapwing.alerts.measured import measured
from lapwing.alerts.suggest import suggestions
from lapwing.model.calendar import utc_iso
from lapwing.model.dataset import Metric
from lapwing.model.grain import Grain
from lapwing.model.monitor import Monitor
from lapwing.query.service import Lapwing

DAY = Grain.parse("day")


def test_judged_as_far_as_nothing_follows_any_more() -> None:
    with trips(DAY_BY_DAY, EVERY_OTHER) as lapwing:
        dataset, metric = lapwing.project.metric("booked_to_flown")
        plan = measured(dataset, metric)
        series = Asking(lapwing=lapwing, measured=plan, zone="UTC").series((), (), DAY)
        judged = judge(lapwing, Monitor(name="m", dataset="bookings", metric="booked_to_flown", grain=DAY))
        plain = judge(lapwing, Monitor(name="m", dataset="bookings", metric="made", grain=DAY))
    assert series.data_until is not None
    assert utc_iso(series.data_until) == "2024-05-06T01:15:00Z", "36 hours before the last flight's quarter ends"
    assert plan.kind is Kind.SHARE
    assert waits(lapwing.project, metric) == 36 * 3_600_000_000
    assert judged.amount.tolist() == [pytest.approx([1, 0, 1, 0, 1, nan, nan, nan], nan_ok=True)]
    assert judged.complete_after == plain.complete_after + 36 * 3_600_000_000


def test_what_follows_is_data_of_the_metric_too(tmp_path: Path) -> None:
    with trips(DAY_BY_DAY, EVERY_OTHER) as lapwing:
        assert read_from(lapwing.project, *named(lapwing, "booked_to_flown")) == ("bookings", "flights")
        monitor = Monitor(name="m", dataset="bookings", metric="bookings.booked_to_flown", grain=DAY)
        before = open_alerts(lapwing, tmp_path / "state.db")._keeper.data(monitor)
        with sqlite3.connect(lapwing.project.root / "ops.db") as db:
            db.execute("insert into flights values (8, 'bar', '2024-05-08 20:00:00')")
        db.close()
        with Lapwing.open(lapwing.project.root) as later:
            assert open_alerts(later, tmp_path / "state.db")._keeper.data(monitor) != before


def test_the_rate_is_suggested_and_not_the_rows_it_is_made_of() -> None:
    with trips(DAY_BY_DAY, EVERY_OTHER) as lapwing:
        names = [one.metric for one in suggestions(lapwing.project, (), {}, most=20)]
    assert "bookings.paid_to_flown" in names
    assert not [name for name in names if name.endswith("_converted")]


def named(lapwing: Lapwing, name: str) -> tuple[str, Metric]:
    dataset, metric = lapwing.project.metric(name)
    return dataset.name, metric
