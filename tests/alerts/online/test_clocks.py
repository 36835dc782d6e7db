"""Who goes by which clock is told by the series itself, when clocks change; nobody is alarmed by it."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.chance import Floats, Kind, Range
from lapwing.alerts.detect import Setting, advance
from lapwing.alerts.online.clocks import Clocks, look, settle, share
from lapwing.alerts.online.memory import Memory
from lapwing.alerts.season import clocks, local_minutes, slots, tuning
from lapwing.alerts.terms import Terms, judge_series
from lapwing.model.calendar import DAY, edges, to_us, transitions
from lapwing.model.grain import Grain

HOUR = Grain.parse("hour")
NEW_YORK = ZoneInfo("America/New_York")
CLOCKS = ("America/New_York", "UTC", "Europe/Berlin", "Asia/Kolkata")
SPRING, FALL = (to_us(datetime(2026, *day, tzinfo=UTC)) for day in ((3, 8, 7), (11, 1, 6)))


@pytest.fixture(name="starts", scope="module")
def _starts() -> np.ndarray:
    begin, end = to_us(datetime(2026, 1, 12, tzinfo=UTC)), to_us(datetime(2026, 12, 14, tzinfo=UTC))
    return edges(HOUR, NEW_YORK.key, begin, end)[:-1]


def by_clock(starts: np.ndarray, zones: tuple[str, ...], mean: float = 400.0, seed: int = 0) -> Floats:
    """Counts that follow the day of each zone."""
    local = np.stack([local_minutes(starts, ZoneInfo(zone)) % 1440 / 60 for zone in zones])
    rate = mean * np.exp(1.2 * np.sin((local - 9) * np.pi / 12))
    return np.random.default_rng(seed).poisson(rate).astype(float)


def judged(starts: np.ndarray, values: Floats, zone: ZoneInfo = NEW_YORK) -> list[list[int]]:
    """When incidents of each series were opened."""
    terms = Terms(kind=Kind.COUNT, ratio=False, grain=HOUR)
    _, found = judge_series(starts, zone, values, np.ones_like(values), terms)
    return [[int(starts[one.opened]) for one in row] for row in found]


def near_a_change(at: int) -> bool:
    """Within a fortnight of it."""
    rules = ("America/New_York", "Europe/Berlin", "Australia/Sydney")
    return any(transitions(rule, at - 14 * DAY, at + 1) for rule in rules)


@pytest.mark.parametrize("zone", ["America/New_York", "UTC"])
def test_silence_after_all_changes_of_a_year(starts: np.ndarray, zone: str) -> None:
    """Whatever clock a series goes by, and whatever the project's: what chance raises now and then lies elsewhere."""
    found = judged(starts, by_clock(starts, CLOCKS), ZoneInfo(zone))
    assert sum(map(len, found)) <= 1
    assert not any(near_a_change(at) for row in found for at in row)


def test_the_whole_of_several_clocks_is_hard(starts: np.ndarray) -> None:
    """Its shape changes, as half of it moves: it used to raise seven."""
    assert len(judged(starts, by_clock(starts, CLOCKS, mean=100.0).sum(0, keepdims=True))[0]) <= 2


@pytest.mark.parametrize("change", [SPRING, FALL])
def test_a_drop_on_that_day_is_found(starts: np.ndarray, change: int) -> None:
    values = by_clock(starts, CLOCKS)
    first = int(np.searchsorted(starts, change)) + 9
    values[:, first : first + 6] = np.round(0.4 * values[:, first : first + 6])
    for opened in judged(starts, values):
        assert any(starts[first] <= at < starts[first + 6] for at in opened)


def test_each_takes_its_part() -> None:
    """Of three series that are to go along with a change: one does, one does not, one does half of it."""
    where = Range(np.full(3, 100.0), np.ones(3), np.ones(3), np.ones(3))
    seen = np.zeros((2, 3))
    for _ in range(60):
        look(Kind.COUNT, seen, where, np.full(3, 150.0), np.array([150.0, 100.0, 125.0]))
    found, doubt = share(seen, 1.0)
    np.testing.assert_allclose(found, [1, 0, 0.5], atol=0.05)
    assert (doubt[:2] < 0.1).all()


@given(st.floats(0, 1), st.floats(0, 1e4), st.floats(-1e4, 1e4))
def test_a_share_is_one(home: float, squares: float, products: float) -> None:
    found, doubt = share(np.array([[squares], [products]]), home)
    assert 0 <= found[0] <= 1
    assert 0 < doubt[0] < 0.53


def test_profiles_move_over() -> None:
    memory = Memory.blank(3, 2, 168)
    memory.sums[:] = np.random.default_rng(0).random(memory.sums.shape)
    memory.clock[:] = [[1e6] * 3, [1e6, 0.0, 5e5]]
    before = memory.copy()
    changes = Clocks(
        shift=np.array([1]),
        home=np.ones(1),
        begins=np.zeros(1, bool),
        ends=np.ones(1, bool),
        around=np.array([168, 24]),
    )
    settle(memory, changes, 0)
    for place, around in enumerate((168, 24)):
        was, now = (one.sums[:, place, :around] for one in (before, memory))
        early = np.roll(was, -1, axis=1)
        np.testing.assert_allclose(now[..., 0], early[..., 0])
        np.testing.assert_array_equal(now[..., 1], was[..., 1])
        rate = now[0, :, 2] / now[2, :, 2]  # of less weight, since its shape will change
        mixed = was[..., 2] + early[..., 2]
        np.testing.assert_allclose(rate, mixed[0] / mixed[2], rtol=1e-3)
        assert (now[2, :, 2] < 0.5 * mixed[2]).all()


@pytest.mark.parametrize("cuts", [(1327,), (1328, 1350), (1398, 1399), (900, 1329, 1900)])
def test_resumed_amid_a_change_is_replayed(starts: np.ndarray, cuts: tuple[int, ...]) -> None:
    starts = starts[:2000]
    values = by_clock(starts, CLOCKS)
    assert starts[1327] == SPRING

    def part(memory: Memory, first: int, last: int) -> Floats:
        here = starts[first:last]
        setting = Setting(
            kind=Kind.COUNT,
            tuning=tuning(HOUR),
            parent=np.array([-1, 0, 0, -1]),
            clocks=clocks(here, HOUR, NEW_YORK),
        )
        return advance(memory, values[:, first:last], slots(here, HOUR, NEW_YORK), setting)[0].score

    def blank() -> Memory:
        return Memory.blank(4, 2, 168, first=tuning(HOUR).first)

    whole, memory = blank(), blank()
    at_once = part(whole, 0, len(starts))
    pieces = []
    for first, last in zip((0, *cuts), (*cuts, len(starts)), strict=True):
        memory = Memory.unpack(memory.pack())
        pieces.append(part(memory, first, last))
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), at_once)
    for each in fields(Memory):
        np.testing.assert_array_equal(getattr(memory, each.name), getattr(whole, each.name))
