"""The budget over every slice: by made markets of independent leaves, of which all slices are sums."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.alerts.judged import by_hand

from lapwing.alerts.chance import Floats
from lapwing.alerts.detect import Detection
from lapwing.alerts.history import Slice, series_key
from lapwing.alerts.judged import Judged
from lapwing.alerts.record import Key
from lapwing.alerts.sweep.budgeted import Allowed, floor
from lapwing.alerts.sweep.constants import WORTH
from lapwing.alerts.sweep.judging import judge_any
from lapwing.alerts.sweep.told import Unexplained
from lapwing.alerts.votes import Vote
from lapwing.query.service import Lapwing

COUNTRIES, FORMATS = tuple("abcdefghijkl"), tuple("pqrstuvw")
LEAVES = len(COUNTRIES) * len(FORMATS)
SLICES: tuple[Slice, ...] = (
    *((("country", country), ("format", form)) for country, form in product(COUNTRIES, FORMATS)),
    *((("country", country),) for country in COUNTRIES),
    *((("format", form),) for form in FORMATS),
    (),
)
DEPTHS = np.array([len(one) for one in SLICES])
MANY = np.where(
    DEPTHS == 2, 2 * LEAVES / WORTH, np.where(DEPTHS == 1, 2 * (len(COUNTRIES) + len(FORMATS)) / WORTH, 1.0)
)
MEAN = 100.0


def leaves(days: int, together: float, seed: int) -> Floats:
    """(country, format, day): what chance makes of them, in deviations; neighbours in time have so much in common."""
    noise = np.random.default_rng(seed).standard_normal((len(COUNTRIES), len(FORMATS), days))
    for at in range(1, days):
        noise[..., at] = together * noise[..., at - 1] + np.sqrt(1 - together**2) * noise[..., at]
    found: Floats = noise
    return found


def judged(lapwing: Lapwing, noise: Floats, sensitivity: float) -> Judged:
    """All slices, of leaves of which each should come to MEAN a day."""
    cells = MEAN + np.sqrt(MEAN) * noise
    actual = np.concatenate([cells.reshape(LEAVES, -1), cells.sum(1), cells.sum(0), cells.sum((0, 1))[None]])
    size = np.where(DEPTHS == 2, 1, np.where(DEPTHS == 0, LEAVES, 0))
    size[LEAVES : LEAVES + len(COUNTRIES)], size[LEAVES + len(COUNTRIES) : -1] = len(FORMATS), len(COUNTRIES)
    expected = np.broadcast_to((MEAN * size)[:, None], actual.shape).astype(np.float64)
    sigma = np.sqrt(expected)
    found = by_hand(lapwing, "market.events", [MEAN] * actual.shape[1], MEAN)
    width = sensitivity * sigma
    return replace(
        found,
        monitor=replace(found.monitor, sensitivity=sensitivity, min_change=0.0),
        slices=SLICES,
        amount=actual,
        exposure=np.ones_like(actual),
        detection=Detection(
            expected, expected - width, expected + width, (actual - expected) / sigma, np.ones(actual.shape, bool)
        ),
    )


def unexplained(of: Judged) -> Unexplained:
    many = np.broadcast_to(MANY[:, None], of.amount.shape).copy()
    return Unexplained(of, many, lambda both, row, at: MEAN / float(of.detection.expected[row, at]))


def least(of: Judged, share: float, votes: tuple[Vote, ...] = ()) -> Floats:
    """What the budget asks for."""
    found = floor(unexplained(of), np.full(of.amount.shape[1], (1 / MANY).sum()), Allowed(((0, share),), votes))
    assert found is not None
    return found


def told(of: Judged, share: float | None) -> Judged:
    """With what the budget leaves to be told."""
    return replace(of, many=unexplained(of).many_told(None if share is None else least(of, share)))


def alarms(of: Judged, since: int = 0) -> int:
    return sum(one.opened >= since for row in of.episodes for one in row)


@pytest.mark.parametrize("share", [0.5, pytest.param(0.25, marks=pytest.mark.long)])
def test_what_comes_by_chance_is_about_what_was_asked_for(market: Lapwing, share: float) -> None:
    """Where neighbours in time have half in common, so that it would be three times as much without a budget."""
    nothing = judged(market, leaves(700, 0.5, 1), 2.5)
    weeks = (700 - 100) / 7
    assert (
        0.5 * share < alarms(told(nothing, share), 100) / weeks < 1.3 * share < alarms(told(nothing, None), 100) / weeks
    )


def test_a_budget_that_is_large_enough_asks_for_nothing(market: Lapwing) -> None:
    nothing = judged(market, leaves(200, 0.0, 1), 2.5)
    np.testing.assert_array_equal(told(nothing, 1000.0).many, told(nothing, None).many)


def test_what_does_happen_is_told_of_its_slice_all_the_same(market: Lapwing) -> None:
    noise = leaves(400, 0.0, 3)
    where = ((2, 3), (7, 1), (11, 6), (0, 0), (5, 5))
    for number, (country, form) in enumerate(where):
        noise[country, form, 150 + 50 * number : 153 + 50 * number] -= 6.0
    noise[8, :, 180:183] -= 3.0  # a whole country
    noise[:, 4, 230:233] += 3.0  # a whole format
    found = told(judged(market, noise, 2.5), 0.1)
    days = {within: (150 + 50 * number, -1) for number, within in enumerate(SLICES[8 * c + f] for c, f in where)}
    days |= {(("country", COUNTRIES[8]),): (180, -1), (("format", FORMATS[4]),): (230, 1)}
    opened = [(SLICES[row], one) for row, of in enumerate(found.episodes) for one in of if one.opened >= 100]
    by_chance = [within for within, one in opened if days.get(within, (0, 0))[1] != one.direction]
    late = [one.opened - days[within][0] for within, one in opened if within not in by_chance]
    assert len(late) == len(days)
    assert max(late) <= 1
    assert len(by_chance) <= 4 * 0.1 * 300 / 7


@given(cut=st.integers(110, 150), seed=st.integers(0, 20))
@settings(max_examples=3)
def test_what_comes_later_changes_nothing_before(market: Lapwing, cut: int, seed: int) -> None:
    noise = leaves(160, 0.5, seed)
    changed = noise.copy()
    changed[3, :, cut:] += 4.0
    one, other = (told(judged(market, each, 2.5), 0.2).many for each in (noise, changed))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one[:, :cut], other[:, :cut])


def test_what_was_useful_is_given_back(market: Lapwing) -> None:
    noise = leaves(300, 0.5, 5)
    noise[2, 3, 150:152] -= 8.0
    found = judged(market, noise, 2.5)
    key: Key = (series_key((("country", "c"), ("format", "s"))), -1, int(found.borders[150]))
    votes = (Vote(key, int(found.known[152]), "Ann", useful=True),)
    plain, forgiven = (least(found, 0.1, of) for of in ((), votes))
    np.testing.assert_array_equal(plain[:153], forgiven[:153])
    assert (forgiven[154:200] < plain[154:200]).all()


def test_it_is_held_of_real_rows(market: Lapwing) -> None:
    """A budget of nothing tells nothing; a large one all that there is."""
    monitor = market.project.monitors["every_slice"]
    every, none = (judge_any(market, monitor, allowed=Allowed(((0, share),))) for share in (100.0, 1e-9))
    assert (alarms(every), alarms(none)) == (2, 0)
    assert every.swept is not None
    assert none.swept is not None
    assert none.swept.needed > every.swept.needed > monitor.sensitivity
