"""The calendar: which effects act on which buckets, and what the model makes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from lapwing.alerts.almanac import effects
from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.history import Slice
from lapwing.alerts.online.effects import Effects
from lapwing.alerts.terms import Around, Terms, expect
from lapwing.model.calendar import edges, to_us
from lapwing.model.events import Event, EventKind, Every, HolidayCalendar
from lapwing.model.grain import Grain

NEW_YORK = ZoneInfo("America/New_York")
DAY, HOUR = Grain.parse("day"), Grain.parse("hour")


def borders(first: str, last: str, grain: Grain = DAY) -> npt.NDArray[np.int64]:
    start, end = (to_us(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)) for text in (first, last))
    return edges(grain, NEW_YORK.key, start, end)


def named(found: Effects | None, at: int) -> set[str]:
    assert found is not None
    return {found.names[place] for place in found.acting(at)}


def test_holidays_and_days_around_them() -> None:
    found = effects(borders("2013-11-20", "2013-12-05"), DAY, NEW_YORK, holidays=HolidayCalendar(country="US"))
    assert named(found, 7) == {"Thanksgiving Day, 1 before", "day 27 of the month"}
    assert named(found, 8) == {"Thanksgiving Day", "day 3 from the month's end"}
    assert named(found, 9) == {"Thanksgiving Day, 1 after", "day 2 from the month's end"}
    assert named(found, 11) == {"day 1 of the month"}


def test_hours_go_by_the_wall_and_days_may_have_23() -> None:
    spring = effects(borders("2013-03-09", "2013-03-12"), DAY, NEW_YORK)
    assert spring is not None
    assert [name for name in spring.names if "hours" in name] == ["23 hours in the place of 24"]
    assert "23 hours in the place of 24" in named(spring, 1)
    hours = effects(borders("2013-07-03", "2013-07-06", HOUR), HOUR, NEW_YORK, holidays=HolidayCalendar(country="US"))
    assert [at for at in range(72) if "Independence Day" in named(hours, at)] == list(range(24, 48))


def test_a_holiday_is_lost_in_a_month() -> None:
    month = Grain.parse("month")
    assert effects(borders("2013-01-01", "2014-01-01", month), month, NEW_YORK) is None


def sale(**given: object) -> Event:
    start, end = (datetime(2013, 7, day, tzinfo=NEW_YORK).astimezone(UTC) for day in (10, 12))
    return Event(name="Sale", start=start, end=end, kind=EventKind.EXPECTED, **given)  # type: ignore[arg-type]


def test_own_events_recur_and_have_margins() -> None:
    found = effects(borders("2013-07-01", "2013-09-01"), DAY, NEW_YORK, events=[sale(every=Every.MONTH, after=1)])
    assert [at for at in range(62) if "event: Sale" in named(found, at)] == [9, 10, 40, 41]
    assert [at for at in range(62) if "event: Sale, 1 after" in named(found, at)] == [11, 42]


def test_a_note_changes_nothing() -> None:
    note = Event(name="Storm", start=sale().start, end=sale().end)
    found = effects(borders("2013-07-01", "2013-08-01"), DAY, NEW_YORK, events=[note])
    assert found is not None
    assert not any("Storm" in name for name in found.names)


def test_of_a_slice_and_of_the_whole_but_not_of_others() -> None:
    slices: list[Slice] = [(("country", "GB"),), (("country", "US"),), ()]
    days = borders("2013-07-01", "2013-08-01")
    found = effects(days, DAY, NEW_YORK, events=[sale(slice=(("country", "GB"),))], slices=slices)
    assert found is not None
    assert found.scope is not None
    assert found.scope[found.names.index("event: Sale")].tolist() == [True, False, True]


def test_numbers_of_names_stay() -> None:
    short = effects(borders("2013-01-01", "2013-02-01"), DAY, NEW_YORK, holidays=HolidayCalendar(country="US"))
    assert short is not None
    days = borders("2013-01-01", "2014-01-01")
    long = effects(days, DAY, NEW_YORK, holidays=HolidayCalendar(country="US"), known=short.names)
    assert long is not None
    assert long.names[: len(short.names)] == short.names


def counts(factor: float, at: list[int], seed: int = 0) -> Floats:
    week = np.tile([1.2, 1.1, 1.0, 1.0, 1.1, 0.5, 0.4], 60)[:400] * 1000
    week[at] *= factor
    return np.random.default_rng(seed).poisson(week, (20, 400)).astype(float)


@pytest.mark.parametrize("factor", [0.4, 2.0])
def test_the_first_is_no_alarm_and_the_next_is_expected(factor: float) -> None:
    """A yearly, here hundred-daily, event: news without a calendar, none with it, and learned by its first time."""
    at, days = [100, 200, 300], borders("2013-01-01", "2014-02-05")
    event = [sale()]
    active = np.full((1, 400), -1)
    active[0, at] = 0
    known = effects(days, DAY, NEW_YORK, events=event)
    assert known is not None
    one = Effects(names=("Sale",), active=active, family=np.array([-1]), prior=np.ones(1), doubt=np.array([0.6]))
    values, ones = counts(factor, at), np.ones((20, 400))
    terms = Terms(kind=Kind.COUNT, ratio=False, grain=DAY)
    blind = expect(days[:-1], NEW_YORK, values, ones, terms)
    seen = expect(days[:-1], NEW_YORK, values, ones, terms, Around(effects=one))
    assert (np.abs(blind.score[:, 100]) > 3.75).all()
    assert (np.abs(seen.score[:, at]) < 3.75).all()
    ratio = seen.expected[:, 300] / blind.expected[:, 300]
    assert np.abs(ratio - factor).max() < 0.3 * abs(1 - factor)
    assert (np.abs(seen.score[:, 101:108]) < 4.5).all(), "and the days after are judged as ever"
