"""The whole service: the shop from replay to story, and the year of the flights example."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.alerts.shop import PROJECT, ZONE, open_alerts, orders, rows, write_shop

from lapwing.alerts.service import Alerts, Replayed
from lapwing.alerts.views.incident import IncidentSummary
from lapwing.model.grain import Grain
from lapwing.model.problem import Cancelled, NotFound
from lapwing.query.service import Lapwing


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2024, 2, day, hour, tzinfo=ZoneInfo(ZONE))


def test_replay_says_what_it_did(alerts: Alerts) -> None:
    told: list[Replayed] = []
    done = alerts.replay(progress=told.append)
    assert tuple(told) == done
    assert [(one.monitor, one.series, one.incidents) for one in done] == [("failed_daily", 4, 2), ("rate_hourly", 1, 1)]
    assert done[0].judged == 4 * 42  # nine weeks of days, three of them to learn
    with pytest.raises(NotFound, match="no monitor failed_dayly") as caught:
        alerts.replay("failed_dayly")
    assert caught.value.problems[0].nearest == ("failed_daily",)


def test_a_replay_can_be_cancelled(alerts: Alerts) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        alerts.replay(cancel=cancel)
    cancel.clear()

    def stop(_: Replayed) -> None:
        cancel.set()

    with pytest.raises(Cancelled, match="what was finished is kept"):
        alerts.replay(progress=stop, cancel=cancel)
    assert [one.fresh for one in alerts.replay()] == [True, False]


def test_incidents_by_time_and_state(alerts: Alerts) -> None:
    assert [one.monitor for one in alerts.incidents()] == ["failed_daily", "rate_hourly"]
    assert alerts.incidents(state="open") == []
    assert len(alerts.incidents(state="resolved")) == 2
    assert alerts.incidents(end=at(20)) == []
    assert [one.monitor for one in alerts.incidents(start=at(22))] == ["failed_daily"]
    assert alerts.incidents(start=at(23, 1)) == []


def test_causes_are_found_once(alerts: Alerts) -> None:
    assert [one.cause for one in alerts.incidents()] == [None, None]
    assert alerts.find_causes() == 2
    assert alerts.find_causes() == 0
    assert [one.cause.slice for one in alerts.incidents() if one.cause] == [{"region": "north"}, {"region": "north"}]


def test_an_incident_tells_its_story(alerts: Alerts) -> None:
    _, hourly = alerts.incidents()
    view = alerts.incident(hourly.id)
    assert [step.kind for step in view.story] == ["opened", "cause", "worst", "easing", "resolved"]
    assert [step.at for step in view.story] == sorted(step.at for step in view.story)
    assert " at 12:00, 6.1% expected. $" in view.story[0].says
    assert "orth (region)" in view.story[1].says  # of one hour's data, where it need not be clear yet
    assert view.summary.cause is not None
    assert view.summary.cause.says.startswith("Mostly north (region)")
    assert view.story[-1].says.startswith("6 hours inside the range. In all +")
    assert [one.metric for one in view.related] == ["orders.failed"]
    assert view.why is not None
    assert {each["dimension"] for each in view.why["tables"]} == {"region", "channel", "gift"}
    assert view.summary.events[0].name == "Card provider down"
    assert view.receipt is not None
    assert view.receipt["pieces"][0]["by"] == "rollup"
    as_data = view.as_dict()
    assert as_data["story"][0]["kind"] == "opened"
    assert as_data["id"] == hourly.id


def test_numbers_and_money_are_those_of_plain_sql(shop: Lapwing, alerts: Alerts) -> None:
    """Actual is failed / orders over the incident; money is the extra failed orders at 20 dollars."""
    _, hourly = alerts.incidents()
    failed, count = rows(
        f"select count(*) filter (where failed), count(*) from '{shop.project.root}/data/orders/*.parquet' "
        "where \"at\" >= '2024-02-20 12:00' and \"at\" < '2024-02-20 18:00'"
    )[0]
    assert (hourly.opened[:16], hourly.until[:16]) == ("2024-02-20T12:00", "2024-02-20T18:00")
    assert hourly.actual == pytest.approx(failed / count)
    assert hourly.expected is not None
    assert hourly.at_stake is not None
    assert hourly.at_stake.amount == pytest.approx((failed - hourly.expected * count) * 20)
    assert hourly.at_stake.currency == "USD"


def test_an_incomplete_bucket_never_alerts(tmp_path: Path) -> None:
    """At 17:30 of a day that began like any other only half of it is in: far too few orders for a day, and no alarm; nor
    when the day is over but not an hour ago, which is how long its data takes."""
    project = "  sold_daily: {{metric: revenue, grain: day}}\n  sold_hourly: {{metric: revenue, grain: hour}}\n"
    table = orders(end=date(2024, 2, 21), bad=0.05)
    for now in ("2024-02-20T08:30", "2024-02-20T17:30", "2024-02-21T00:30"):
        cut = table.filter([value < datetime.fromisoformat(now) for value in table["at"].to_pylist()])
        root = write_shop(tmp_path / now.replace(":", "-"), now=now, table=cut, project=PROJECT + project)
        with Lapwing.open(root) as lapwing:
            alerts = open_alerts(lapwing)
            assert alerts.board().incidents == []
            daily, hourly = (one.judged for one in alerts._keeper.kept().known[2:])
            local = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(ZONE))
            for judged in (daily, hourly):
                complete = judged.borders[1:] + 3_600_000_000 <= local.timestamp() * 1e6
                assert not complete[-1], "the last bucket is there, and not complete"
                assert np.array_equal(complete, np.isfinite(judged.amount[0]))


def test_a_band_knows_no_later_than_its_bucket(alerts: Alerts) -> None:
    start, end = (int(at(day).timestamp() * 1e6) for day in (19, 22))
    band = alerts.band("fail_rate", {}, Grain.parse("hour"), start, end)
    assert len(band.time) == 72
    assert band.ready
    outer = alerts.band("fail_rate", {}, Grain.parse("hour"), start - 10 * 86_400_000_000, end)
    assert outer.expected[-72:] == band.expected
    week = alerts.band("fail_rate", {}, Grain.parse("week"), start, end)
    assert not week.ready
    assert "not enough history" in week.says
    assert alerts.band("failed", {"region": "north"}, Grain.parse("day"), start, end).upper[1] == pytest.approx(
        20.52, abs=0.01
    )
    with pytest.raises(NotFound, match="no dimension regio"):
        alerts.band("failed", {"regio": "north"}, Grain.parse("day"), start, end)


@pytest.fixture(scope="module")
def year(flights: Lapwing, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alerts]:
    alerts = open_alerts(flights, tmp_path_factory.mktemp("state") / "state.db")
    alerts.replay()
    yield alerts
    alerts.close()


def flight_day(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2013, month, day, hour, tzinfo=ZoneInfo("America/New_York"))


def test_the_blizzard_is_on_the_board_as_of_these_days(year: Alerts) -> None:
    assert year.board(flight_day(2, 8, 9)).incidents == []
    first = year.board(flight_day(2, 8, 14)).incidents
    assert [(one.metric, one.slice) for one in first] == [("flights.cancelled", {})]
    second = year.board(flight_day(2, 9, 12)).incidents
    assert {one.metric for one in second} == {"flights.cancelled", "flights.departed"}
    assert all(one.cause is not None and one.cause.says.startswith("Everywhere at once") for one in second)
    assert all("Blizzard" in event.name for one in second for event in one.events)
    assert second[0].at_stake is not None
    assert second[0].at_stake.amount > 1_000_000


def lasting(one: IncidentSummary) -> tuple[date, date]:
    return datetime.fromisoformat(one.opened).date(), (datetime.fromisoformat(one.until) - timedelta(seconds=1)).date()


def test_the_worst_days_are_raised_and_quiet_weeks_are_quiet(flights: Lapwing, year: Alerts) -> None:
    """Of the twenty days with the largest shares of cancelled flights every one is in an incident; of the 49 weeks that
    can be judged at least 15 are without any; and no more than two incidents a week are told."""
    days = {
        row[0]: row[1]
        for row in rows(
            "select scheduled::date, count(*) filter (where dep_time is null) / count(*) "
            f"from '{flights.project.root}/data/flights/*.parquet' group by 1"
        )
    }
    found = [lasting(one) for one in year.incidents()]
    worst = sorted(days, key=lambda day: -days[day])[:20]
    assert [day for day in worst if not any(first <= day <= last for first, last in found)] == []
    mondays = [date(2013, 1, 21) + timedelta(weeks=n) for n in range(49)]
    quiet = [
        monday
        for monday in mondays
        if not any(first < monday + timedelta(weeks=1) and last >= monday for first, last in found)
    ]
    assert len(quiet) >= 15
    assert (
        max(
            days[monday + timedelta(days=n)] for monday in quiet for n in range(7) if monday + timedelta(days=n) in days
        )
        < 0.09
    )
    assert len(found) <= 2 * 49


def test_the_slice_is_the_one_that_moved_most(flights: Lapwing, year: Alerts) -> None:
    """22 July, when LaGuardia closed in the evening: cancelled flights by airport are those of plain SQL."""
    (one,) = (
        one for one in year.incidents(flight_day(7, 22, 12), flight_day(7, 22, 23)) if one.metric == "flights.cancelled"
    )
    (full,) = [year.incident(one.id)]
    assert full.summary.cause is not None
    assert full.summary.cause.slice == {"origin": "LGA"}
    start, end = (datetime.fromisoformat(text).replace(tzinfo=None) for text in (one.opened, one.until))
    cancelled = dict(
        rows(
            f"select origin, count(*) from '{flights.project.root}/data/flights/*.parquet' where dep_time is null "
            f"and scheduled >= '{start}' and scheduled < '{end}' group by 1"
        )
    )
    assert full.why is not None
    (by_origin,) = (each for each in full.why["tables"] if each["dimension"] == "origin")
    assert {row["value"]: row["actual"] for row in by_origin["rows"]} == cancelled
    assert max(cancelled, key=lambda origin: cancelled[origin]) == "LGA"
