"""Every slice watched: what is told of whom, of real rows in a real store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.alerts.sweep.market import END, FIRST, SLICE_DAYS, WHOLE_DAY

from lapwing.alerts.judged import Judged
from lapwing.alerts.packed import pack, unpack
from lapwing.alerts.sweep.judging import judge_any
from lapwing.model.grain import Grain
from lapwing.model.monitor import Every, Monitor
from lapwing.model.problem import Refused
from lapwing.query.service import Lapwing

DAY = 86_400_000_000
Told = set[tuple[tuple[tuple[str, object], ...], int, int]]


def monitor(lapwing: Lapwing, metric: str = "events", **terms: object) -> Monitor:
    written = lapwing.project.monitors["every_slice"]
    return replace(written, metric=f"market.{metric}", **terms)  # type: ignore[arg-type]


def bucket(day: date) -> int:
    return (day - FIRST).days


def told(judged: Judged) -> Told:
    """Slice, direction and opening bucket of all incidents."""
    every = zip(judged.slices, judged.episodes, strict=True)
    return {(within, one.direction, one.opened) for within, of in every for one in of}


def test_a_slice_that_nobody_follows_is_told_once_and_a_fall_of_everything_by_the_whole_alone(market: Lapwing) -> None:
    found = judge_any(market, monitor(market))
    assert told(found) == {
        ((("country", "US"), ("format", "video")), -1, bucket(SLICE_DAYS[0])),
        ((), -1, bucket(WHOLE_DAY)),
    }
    (small,) = found.episodes[found.slices.index((("country", "US"), ("format", "video")))]
    assert [step.kind for step in small.steps] == ["opened", "resolved"]
    assert found.swept is not None
    assert found.swept.counted == "market.events"
    # 4 + 3 + 2 slices of one dimension, 12 + 8 + 6 of two, without a watch that hardly anybody has.
    assert found.swept.watched == 35
    assert found.swept.small == 8
    assert 0 < found.swept.looked < 35
    assert found.swept.needed > found.monitor.sensitivity


def test_numbers_of_slices_are_those_that_one_who_follows_them_sees(market: Lapwing) -> None:
    found = judge_any(market, monitor(market))
    within = (("country", "US"), ("format", "video"))
    followed = judge_any(market, monitor(market, every=None, slice=within))
    row = found.slices.index(within)
    np.testing.assert_array_equal(found.amount[row], followed.amount[0])
    assert found.swept is not None
    assert followed.swept is None


def test_later_days_change_nothing_of_what_was_told(market: Lapwing) -> None:
    """A replay up to any day tells what the whole one told up to then."""
    every = judge_any(market, monitor(market))
    for day in (bucket(SLICE_DAYS[0]) + 1, bucket(SLICE_DAYS[1]) + 1, bucket(WHOLE_DAY), bucket(WHOLE_DAY) + 1):
        until = int(every.borders[day])
        part = judge_any(market, monitor(market), (None, until))
        assert told(part) == {one for one in told(every) if one[2] < day}


def test_kept_and_taken_back(market: Lapwing) -> None:
    found = judge_any(market, monitor(market))
    dataset, metric = market.project.metric("events")
    kept = pack(found)
    back = unpack(kept.head, kept.chunks, found.monitor, dataset, metric)
    assert (back.episodes, back.swept, back.slices) == (found.episodes, found.swept, found.slices)
    assert back.watched == found.watched == 35


@pytest.mark.parametrize("metric", ["sold", "paid", "rate"])
def test_what_is_counted_summed_and_divided(market: Lapwing, metric: str) -> None:
    """Sales fall with the events, their rate does not."""
    found = judge_any(market, monitor(market, metric))
    falls = {one for one in told(found) if one[1] < 0}
    small = ((("country", "US"), ("format", "video")), -1, bucket(SLICE_DAYS[0]))
    assert falls == (set() if metric == "rate" else {small, ((), -1, bucket(WHOLE_DAY))})
    assert found.swept is not None
    assert found.swept.counted == ("market.sold" if metric == "sold" else "market.events")


def test_within_a_slice(market: Lapwing) -> None:
    found = judge_any(market, monitor(market, slice=(("country", "US"),)))
    us = ("country", "US")
    assert told(found) == {((us, ("format", "video")), -1, bucket(SLICE_DAYS[0])), ((us,), -1, bucket(WHOLE_DAY))}


def test_hours_of_three_dimensions(market: Lapwing) -> None:
    hourly = monitor(market, grain=Grain.parse("hour"), every=Every(depth=3, support=5.0))
    found = judge_any(market, hourly)
    days = {(within, opened // 24) for within, direction, opened in told(found) if direction < 0}
    assert days == {((("country", "US"), ("format", "video")), bucket(SLICE_DAYS[0])), ((), bucket(WHOLE_DAY))}


def test_nothing_of_small_slices(market: Lapwing) -> None:
    found = judge_any(market, monitor(market, every=Every(support=1e9)))
    assert told(found) == {((), -1, bucket(WHOLE_DAY))}
    assert found.watched == 0


def test_what_is_refused(market: Lapwing) -> None:
    with pytest.raises(Refused, match="how much of it is chance"):
        judge_any(market, monitor(market, "price"))
    with pytest.raises(Refused, match="no slices to watch"):
        judge_any(market, monitor(market, grain=Grain.parse("15 minutes")))


def test_the_history_is_all_there_is(market: Lapwing) -> None:
    found = judge_any(market, monitor(market))
    assert len(found.borders) - 1 == (END - FIRST).days
