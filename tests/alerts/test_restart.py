"""The new normal: judged by the new level from the moment of accepting on, and exactly as before until then."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.detect import Detection, Setting, detect
from lapwing.alerts.online.memory import Memory
from lapwing.alerts.restart import Shift, cuts, with_shifts

SEASON = np.arange(140) % 7
WEEK = np.array([100.0, 110, 120, 115, 105, 60, 50])


def series(factor: float, at: int = 100, seed: int = 1) -> Floats:
    noise = np.random.default_rng(seed).normal(1, 0.03, 140)
    level = np.where(np.arange(140) < at, 1.0, factor)
    return (np.tile(WEEK, 20) * level * noise)[None]


def judged(
    values: Floats, shifts: Mapping[int, tuple[Shift, ...]], kind: Kind, exposure: Floats | None = None
) -> Detection:
    def expect(
        past: Floats, weights: Floats, _: slice, __: int = 0, ___: Memory | None = None
    ) -> tuple[Detection, dict[int, Memory]]:
        return detect(past, SEASON, Setting(kind=kind), None if exposure is None else weights), {}

    ones = np.ones_like(values) if exposure is None else exposure
    return with_shifts(expect, values, ones, shifts, kind=kind, ratio=exposure is not None)[0]


def same(one: Detection, other: Detection, part: slice) -> bool:
    return all(
        np.array_equal(getattr(one, name)[:, part], getattr(other, name)[:, part], equal_nan=True)
        for name in Detection.__slots__
    )


@pytest.mark.parametrize("kind", [Kind.SUM, Kind.COUNT])
@pytest.mark.parametrize("factor", [0.3, 1.8])
def test_after_accepting_the_new_level_is_expected(kind: Kind, factor: float) -> None:
    values = series(factor)
    before = detect(values, SEASON, Setting(kind=kind))
    after = judged(values, {0: (Shift(107, 100),)}, kind)
    assert same(before, after, np.s_[:107])
    assert np.abs(before.score[0, 107:110]).min() > 3.5
    assert np.median(np.abs(after.expected[0, 107:] / values[0, 107:] - 1)) < 0.1
    assert np.abs(after.score[0, 107:]).max() < 5


def test_a_level_is_moved_by_a_difference() -> None:
    values = series(1.0)
    values[0, 100:] -= 200
    after = judged(values, {0: (Shift(107, 100),)}, Kind.LEVEL)
    assert np.abs(detect(values, SEASON, Setting(kind=Kind.LEVEL)).score[0, 107:110]).min() > 5
    assert np.abs(after.expected[0, 107:] - values[0, 107:]).max() < 20
    assert np.abs(after.score[0, 107:]).max() < 5


@settings(max_examples=20)
@given(st.integers(60, 120), st.integers(1, 15))
def test_until_accepting_nothing_changes(since: int, later: int) -> None:
    values = series(1.5)
    shift = Shift(since + later, since)
    found = judged(values, {0: (shift,)}, Kind.SUM)
    assert same(found, detect(values, SEASON, Setting(kind=Kind.SUM)), np.s_[: shift.cut])


def test_only_the_series_that_was_accepted() -> None:
    values = np.concatenate([series(1.8), series(1.8, seed=2)])
    found = judged(values, {1: (Shift(107, 100),)}, Kind.SUM)
    plain = detect(values, SEASON, Setting(kind=Kind.SUM))
    assert np.array_equal(found.score[0], plain.score[0], equal_nan=True)
    assert not np.array_equal(found.score[1], plain.score[1], equal_nan=True)


def test_one_after_the_other() -> None:
    values = series(2.0, at=90)
    values[0, 120:] *= 0.4
    shifts = {0: (Shift(125, 120), Shift(95, 90))}
    found = judged(values, shifts, Kind.SUM)
    assert np.abs(found.score[0, 95:120]).max() < 5
    assert np.abs(found.score[0, 125:]).max() < 5
    assert cuts(shifts) == {0: (95, 125)}


def test_shares_stay_shares() -> None:
    exposure = np.full((1, 140), 500.0)
    rate = np.where(np.arange(140) < 100, 0.4, 0.9)
    values = np.random.default_rng(3).binomial(500, rate)[None] / 500
    found = judged(values, {0: (Shift(105, 100),)}, Kind.SHARE, exposure)
    assert np.abs(found.score[0, 105:]).max() < 5
    assert found.expected[0, 105:].max() <= 1


def test_where_there_was_nothing_it_is_learned_from_the_shift_on() -> None:
    values = np.where(np.arange(140) < 100, 0.0, series(1.0)[0])[None]
    found = judged(values, {0: (Shift(105, 100),)}, Kind.SUM)
    assert not found.ready[0, 105:112].any()
    assert found.ready[0, -1]
