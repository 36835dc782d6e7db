"""A stopped clock says what the engine's own functions say, at another moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from lapwing.sources.clock import CLOCKS, stopped
from lapwing.sources.engine import Engine

ASKED = {
    "now()": "now",
    "current_timestamp": "current_timestamp",
    "get_current_timestamp()": "get_current_timestamp",
    "transaction_timestamp()": "transaction_timestamp",
    "current_date": "current_date",
    "today()": "today",
    "localtimestamp": "localtimestamp",
    "current_localtimestamp()": "current_localtimestamp",
    "current_time": "current_time",
    "get_current_time()": "get_current_time",
    "localtime": "localtime",
    "current_localtime()": "current_localtime",
    "age(timestamptz '2020-01-01 15:00+00')": "age",
    "age(timestamp '2020-01-01', timestamp '2019-03-04')": "age",
    "age(timestamptz '2020-01-01', date '2019-03-04')": "age",
    "ago(interval 1 day)": "ago",
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine(threads=1)
    yield engine
    engine.close()


def test_every_clock_is_asked_here() -> None:
    assert set(ASKED.values()) - {"ago"} == CLOCKS


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("asked", ASKED)
def test_as_the_engines_own(engine: Engine, asked: str, zone: str) -> None:
    with engine.cursor(zone) as own, engine.cursor(zone) as still:
        own.execute("begin")  # throughout a transaction the engine's clock stands, too
        moment = own.execute("select now()")[0][0]
        still.stop_clock(moment, {ASKED[asked]})
        text = f"select {asked}"
        assert still.execute(text) == own.execute(text)
        assert still.described(text) == own.described(text)


@pytest.mark.parametrize(("zone", "day"), [("UTC", 8), ("Europe/Berlin", 8), ("America/New_York", 7)])
def test_today_is_the_sessions(engine: Engine, zone: str, day: int) -> None:
    with engine.cursor(zone) as cursor:
        cursor.stop_clock(datetime(2020, 3, 8, 4, 59, 59, 999_999, UTC), {"current_date", "age"})
        [(today, age)] = cursor.execute("select current_date, age(timestamp '2020-03-01')")
    assert (today.day, age) == (day, timedelta(days=day - 1))


def test_for_one_cursor_alone(engine: Engine) -> None:
    with engine.cursor() as cursor, engine.cursor() as other:
        cursor.stop_clock(datetime(2001, 1, 1, tzinfo=UTC), {"now"})
        text = "select year(now())"
        assert cursor.execute(text) == [(2001,)]
        assert other.execute(text) != [(2001,)]


def test_nothing_is_made_for_who_asks_no_clock() -> None:
    assert stopped(datetime(2001, 1, 1, tzinfo=UTC), ()) == ""
