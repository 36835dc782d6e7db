"""A judging that goes on from an earlier one is that of the whole history, bit for bit, whatever happened in between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.alerts.shop import monitor

from lapwing.alerts import checkpoints
from lapwing.alerts.chance import Floats
from lapwing.alerts.detect import Detection
from lapwing.alerts.history import Series, series_key
from lapwing.alerts.inputs import Accepted, Inputs, Window
from lapwing.alerts.judged import Judged, judge_series
from lapwing.alerts.packed import pack, unpack
from lapwing.alerts.restart import Checkpoint
from lapwing.alerts.resume import Past
from lapwing.model.calendar import Moments, edges
from lapwing.model.grain import Grain
from lapwing.model.monitor import Monitor
from lapwing.query.service import Lapwing

START = 1_704_085_200_000_000
"""Midnight of 1 January 2024 in New York."""
DAY = 24 * 3_600_000_000
DAYS = 150
SLICES = tuple((("region", name),) for name in ("north", "south"))


class Kept:
    """What a keeper keeps of one monitor: its last judging as bytes, and checkpoints."""

    def __init__(self, shop: Lapwing, watched: Monitor) -> None:
        self.shop, self.watched = shop, watched
        self.head = b""
        self.chunks: dict[int, bytes] = {}
        self.checkpoints: dict[int, bytes] = {}
        self.resumed: list[int] = []

    def past(self) -> Past | None:
        if not self.head:
            return None
        judged = unpack(self.head, self.chunks, self.watched, *self.shop.project.metric(self.watched.metric))
        assert judged.trail is not None
        return Past(judged, judged.trail, self.checkpoint)

    def checkpoint(self, most: int) -> Checkpoint | None:
        at = checkpoints.newest(self.checkpoints, most)
        self.resumed.append(at or 0)
        return None if at is None else checkpoints.unpack(self.checkpoints[at])

    def judge(self, series: Series, said: Inputs) -> Judged:
        past = self.past()
        judged = judge_series(self.shop, self.watched, series, said, {}, past)
        assert judged.trail is not None
        same = 0 if past is None else judged.trail.same
        packed = pack(judged, same)
        self.head = packed.head
        self.chunks = {at: data for at, data in self.chunks.items() if at < packed.since} | dict(packed.chunks)
        made = {at: checkpoints.pack(one) for at, one in judged.trail.made.items()}
        stays = {at: data for at, data in self.checkpoints.items() if at <= same and at in judged.trail.wanted}
        self.checkpoints = {**stays, **made}
        return judged


def same(one: Judged, other: Judged) -> None:
    for name in ("amount", "exposure", "borders"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in Detection.__slots__:
        np.testing.assert_array_equal(getattr(one.detection, name), getattr(other.detection, name), err_msg=name)
    assert one.cuts == other.cuts
    assert one.episodes == other.episodes


def borders(days: int) -> Moments:
    return edges(Grain.parse("day"), "America/New_York", START, START + (days - 1) * DAY + DAY // 2)


def made(seed: int, whole: bool) -> tuple[Floats, Floats]:
    """Amounts and exposures of two slices and the whole, with bursts and a shift in them."""
    random = np.random.default_rng(seed)
    exposure = random.poisson(400, (2, DAYS)).astype(float)
    rate = np.full((2, DAYS), 0.1)
    for _ in range(4):
        at, row = random.integers(30, DAYS - 5), random.integers(2)
        rate[row, at : at + random.integers(1, 9)] *= random.choice([0.3, 2.5])
    rate[0, 100:] *= random.choice([1.0, 2.0])
    amount = random.binomial(exposure.astype(int), np.minimum(rate, 1)).astype(float)
    if whole:
        amount, exposure = (np.vstack([one, one.sum(0)]) for one in (amount, exposure))
    return amount, exposure


def series(amount: Floats, exposure: Floats, days: int, complete: int) -> Series:
    until = int(borders(days)[complete])
    slices = (*SLICES, ()) if len(amount) == 3 else SLICES
    return Series(slices, borders(days)[:-1], amount[:, :days].copy(), exposure[:, :days].copy(), until, 1 << 62)


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[str, int, int, int]]:
    """What happens to a history: (what, when, where, how much)."""
    what = st.sampled_from(["append", "append", "late", "restate", "window", "accept", "nothing", "back"])
    return draw(
        st.lists(st.tuples(what, st.integers(0, 40), st.integers(0, 200), st.integers(0, 2)), min_size=2, max_size=8)
    )


METRICS = st.sampled_from(["orders.failed", "orders.fail_rate", "orders.revenue", "orders.dearest"])


@settings(max_examples=8)
@given(metric=METRICS, seed=st.integers(0, 1000), life=lives())
def test_gone_on_is_replayed(shop: Lapwing, metric: str, seed: int, life: list[tuple[str, int, int, int]]) -> None:
    live(shop, metric, seed, life)


@pytest.mark.long
@settings(max_examples=150)
@given(metric=METRICS, seed=st.integers(0, 1000), life=lives())
def test_gone_on_is_replayed_often(
    shop: Lapwing, metric: str, seed: int, life: list[tuple[str, int, int, int]]
) -> None:
    live(shop, metric, seed, life)


def live(shop: Lapwing, metric: str, seed: int, life: list[tuple[str, int, int, int]]) -> None:
    watched = replace(monitor(shop, "failed_daily"), metric=metric, by=("region",), sensitivity=3.0)
    amount, exposure = made(seed, whole=True)
    kept, days, complete = Kept(shop, watched), 70, 69
    said = Inputs()
    for what, count, place, row in life:
        match what:
            case "append":
                days = min(days + count, DAYS)
                complete = days - count % 3
            case "late":
                complete = max(days - count % 7, 0)
            case "back":
                days = max(days - count, 2)
                complete = days - 1
            case "restate":
                amount[row, place % days] = np.nan if count == 0 else float(count)
            case "window":
                start = START + (place % days) * DAY
                said = replace(said, windows=(*said.windows, Window(start, start + (count % 4 + 1) * DAY, "Move")))
            case "accept":
                at, since = START + (days + count % 3 - 1) * DAY + DAY // 3, START + max(days - count - 1, 5) * DAY
                within = (*SLICES, ())[row]
                said = replace(said, accepted=tuple(sorted((*said.accepted, Accepted(series_key(within), at, since)))))
        now = series(amount, exposure, days, complete)
        same(kept.judge(now, said), judge_series(shop, watched, now, said))


def test_one_more_bucket_is_gone_on_from_the_last_one(shop: Lapwing) -> None:
    watched = replace(monitor(shop, "failed_daily"), by=("region",))
    amount, exposure = made(1, whole=True)
    kept = Kept(shop, watched)
    for days in range(100, 110):
        kept.judge(series(amount, exposure, days, days), Inputs())
    assert kept.resumed == list(range(100, 109))
    amount[0, 70] += 1
    kept.judge(series(amount, exposure, 110, 110), Inputs())
    assert kept.resumed[-1] == 64


def test_another_slice_is_judged_whole(shop: Lapwing) -> None:
    watched = replace(monitor(shop, "failed_daily"), by=("region",))
    amount, exposure = made(1, whole=True)
    kept = Kept(shop, watched)
    before = series(amount, exposure, 100, 100)
    kept.judge(before, Inputs())
    more = replace(before, slices=(SLICES[0], (("region", "west"),), ()))
    same(kept.judge(more, Inputs()), judge_series(shop, watched, more, Inputs()))
    assert kept.resumed == []


@pytest.mark.parametrize("most", [1, 3, 9, 50])
def test_checkpoints_are_few_and_stay(most: int) -> None:
    before: frozenset[int] = frozenset()
    for buckets in range(1, 500):
        now = checkpoints.wanted(buckets, most)
        assert buckets in now
        assert len(now) <= most
        if checkpoints.wanted(buckets - 1, most) == before and buckets.bit_length() == (buckets - 1).bit_length():
            assert now <= before | {buckets} or len(now) < len(before) + 1
        before = now


def test_going_back_costs_little_more_than_what_is_new() -> None:
    kept = checkpoints.wanted(8760, 100)
    for back in range(1, 8000):
        assert 8760 - (checkpoints.newest(kept, 8760 - back) or 0) <= max(4 * back, 2)
