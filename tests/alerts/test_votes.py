"""Votes: from their moment on, bounded, fading, taken back, and never about the past."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.record import Happened, Key
from lapwing.alerts.votes import HALF_LIFE, LEAST, MOST, Vote, found_useful, strictness, verdict, votes_of
from lapwing.model.calendar import DAY

HERE: Key = ("[]", -1, 0)
KNOWN = np.arange(0, 400 * DAY, DAY)


def voted(at: int, useful: bool | None, who: str = "Ann", number: int = 1) -> Happened:
    return Happened(number=number, kind="voted", at=at, recorded=at, who=who, data={"useful": useful})


def factor(*cast: Vote, series: str = "[]", direction: int = -1) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return strictness(cast, series, direction, KNOWN)


casts = st.lists(
    st.builds(
        Vote,
        st.tuples(st.sampled_from(["[]", "a"]), st.sampled_from([1, -1]), st.just(0)),
        st.integers(0, 400).map(lambda day: day * DAY),
        st.just("Ann"),
        st.booleans(),
    ),
    max_size=30,
)


def test_a_vote_counts_for_what_is_known_after_it() -> None:
    found = factor(Vote(HERE, 100 * DAY, "Ann", useful=False))
    assert (found[:101] == 1.0).all()
    assert found[101] == pytest.approx(1.33, abs=0.02), "a third more"
    assert 1 < found[101 + HALF_LIFE // DAY] < 1.2, "and half of it a quarter later"
    kinder = factor(Vote(HERE, 100 * DAY, "Ann", useful=True))
    assert 0.94 < kinder[101] < 0.96


@given(casts)
def test_all_votes_of_the_world_stay_within_bounds(cast: list[Vote]) -> None:
    found = factor(*cast)
    assert (found >= LEAST).all()
    assert (found <= MOST).all()


@given(casts, st.integers(0, 400))
def test_what_is_said_later_changes_nothing_before(cast: list[Vote], day: int) -> None:
    before = [vote for vote in cast if vote.at < day * DAY]
    assert np.array_equal(factor(*cast)[: day + 1], factor(*before)[: day + 1])


def test_it_counts_most_where_it_was_cast() -> None:
    cast = Vote(HERE, 0, "Ann", useful=False)
    own, other_way, other_slice, both = (
        factor(cast, series=series, direction=direction)[1] for series in ("[]", "x") for direction in (-1, 1)
    )
    assert own > other_way > other_slice > both > 1


def test_many_votes_saturate() -> None:
    steps = [factor(*(Vote(HERE, 0, who, useful=False) for who in "abcdef"[:count]))[1] for count in range(1, 7)]
    assert steps == sorted(steps)
    assert np.diff(steps).tolist() == sorted(np.diff(steps).tolist(), reverse=True)


def test_a_person_has_one_word_and_may_change_it() -> None:
    lines = [voted(10, True, number=1), voted(20, False, number=2), voted(25, True, "Bo", 3), voted(30, None, number=4)]
    assert sorted(votes_of(HERE, lines), key=lambda vote: vote.at) == [
        Vote(HERE, 10, "Ann", useful=True, until=20),
        Vote(HERE, 20, "Ann", useful=False, until=30),
        Vote(HERE, 25, "Bo", useful=True),
    ]
    cast = list(votes_of(HERE, lines))
    assert [verdict(cast, at) for at in (9, 10, 20, 25, 30)] == [None, True, False, None, True]
    assert list(found_useful(cast)) == [(HERE, 10, True), (HERE, 20, False), (HERE, 30, True)]


def test_a_wrong_click_is_made_good_by_the_opposite_one() -> None:
    wrong = Vote(HERE, 10 * DAY, "Ann", useful=False, until=11 * DAY)
    right = Vote(HERE, 11 * DAY, "Ann", useful=True)
    assert np.array_equal(factor(wrong, right)[12:], factor(right)[12:])
