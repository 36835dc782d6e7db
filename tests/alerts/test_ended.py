"""Which series ended: an end is news once, an outage is none, and what was said of a bucket stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.detect import Detection
from lapwing.alerts.ended import LEAST_DAYS, Ends, ended
from lapwing.alerts.episode import Episode, Rules
from lapwing.alerts.incidents import Before, episodes

DOWN = Rules(threshold=5.0, direction=-1, quiet=2, rejoin=4, calm=14)
BOTH = replace(DOWN, direction=0)


def made(*stretches: tuple[float, int]) -> Floats:
    """So much for so many buckets, one stretch after the other."""
    return np.repeat([value for value, _ in stretches], [length for _, length in stretches])


def kinds(episode: Episode) -> list[tuple[str, int]]:
    return [(step.kind, step.bucket) for step in episode.steps]


def judged(part: Floats, others: Floats, unjudged: Bools | None = None) -> list[Episode]:
    """The incidents of a series that was always expected to go on at 20, by deviations of one."""
    actual = np.stack([part, part + others])
    expected = np.broadcast_to(np.array([[20.0], [20.0 + others[0]]]), actual.shape)
    score = actual - expected
    if unjudged is not None:
        score[0, unjudged] = np.nan
    found = Detection(expected, expected - 5, expected + 5, score, np.isfinite(score))
    ends = Ends(np.nan_to_num(actual), np.array([1, -1]), 1.0)
    return list(episodes(actual, found, np.zeros_like(actual), DOWN, ends=ends)[0])


def test_what_ended_is_told_once_and_is_over() -> None:
    part = made((20, 20), (0, 30))
    (one,) = judged(part, np.full(50, 80.0))
    assert kinds(one) == [("opened", 20), ("ended", 22)]
    known = one.until(22)
    assert known is not None
    assert known.resolved is None


def test_what_lived_long_must_be_away_for_long() -> None:
    assert ended(made((20, 60), (0, 30)), np.full(90, 100.0)).argmax() == 60 + 6 - 1
    assert not ended(made((20, 600), (0, 30)), np.full(630, 100.0)).any()


def test_what_is_back_was_away_and_its_incident_goes_on_until_it_is_quiet() -> None:
    part = made((20, 20), (0, 8), (20, 6))
    (one,) = judged(part, np.full(34, 80.0))
    assert kinds(one) == [("opened", 20), ("ended", 22), ("opened", 28), ("resolved", 29)]
    assert one.loud == tuple(range(20, 28)), "all that was missed counts"


def test_what_comes_back_a_little_is_still_missed() -> None:
    part = made((20, 20), (0, 5), (3, 4), (20, 4))
    (one,) = judged(part, np.full(33, 80.0))
    assert kinds(one) == [("opened", 20), ("ended", 22), ("opened", 25), ("resolved", 30)]
    assert one.loud == tuple(range(20, 29))


def test_an_outage_of_all_is_no_end() -> None:
    part = made((20, 20), (0, 10), (20, 4))
    (one,) = judged(part, made((80, 20), (0, 10), (80, 4)))
    assert kinds(one) == [("opened", 20), ("resolved", 31)]
    (one,) = judged(part, made((80, 20), (30, 10), (80, 4)))
    assert kinds(one) == [("opened", 20), ("resolved", 31)], "the others lost most of theirs"


def test_the_whole_never_ends() -> None:
    volume = made((20, 20), (0, 10))
    assert Ends(volume[None], np.array([-1]), 1.0).of(0) is None


def test_what_ended_is_over_though_nothing_of_it_can_be_judged_any_more() -> None:
    """A ratio without a denominator: its incident would never be quiet."""
    gone = made((0, 21), (1, 20)) > 0
    part = np.where(gone, 0.0, made((20, 20), (2, 21)))
    (one,) = judged(part, np.full(41, 80.0), gone)
    assert kinds(one) == [("opened", 20), ("ended", 23)]


def test_an_outage_after_the_end_does_not_bring_it_back() -> None:
    part = made((20, 20), (0, 30))
    (one,) = judged(part, made((80, 35), (0, 5), (80, 10)))
    assert kinds(one) == [("opened", 20), ("ended", 22)]


def test_a_pause_that_was_there_before_is_no_end() -> None:
    part = made((20, 10), (0, 5), (20, 10), (0, 5), (20, 5))
    over = ended(part, part + 80)
    assert over.nonzero()[0].tolist() == [12, 13, 14], "the first one lasted longer than ever before"


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=80),
    st.lists(st.integers(0, 30), min_size=80, max_size=80),
    st.sampled_from([1.0, 4.0]),
)
def test_what_is_said_of_a_bucket_follows_from_those_up_to_it(part: list[int], others: list[int], day: float) -> None:
    volume = np.array(part, np.float64)
    whole = volume + np.array(others[: len(part)], np.float64)
    over = ended(volume, whole, day)
    for known in range(1, len(volume)):
        unknown = np.arange(len(volume)) >= known
        masked = np.where(unknown, np.nan, volume)
        assert np.array_equal(ended(volume[:known], whole[:known], day), over[:known])
        assert np.array_equal(ended(masked, np.where(unknown, np.nan, whole), day), over & ~unknown)
    assert not over[volume > 0].any()
    for at in np.flatnonzero(over):
        least = int(LEAST_DAYS * day)
        assert at + 1 >= least
        assert not volume[at + 1 - least : at + 1].any()


@given(st.data(), st.sampled_from([DOWN, BOTH]))
def test_going_on_from_what_was_found_finds_the_same(data: st.DataObject, rules: Rules) -> None:
    """Judged bucket by bucket, as a server does, incidents are those of a replay, with what ended and ways back."""
    part = np.array(data.draw(st.lists(st.sampled_from([0.0, 0.0, 0.0, 2.0, 20.0, 45.0]), min_size=25, max_size=40)))
    part = np.concatenate([np.full(10, 20.0), part])
    actual = np.stack([part, part + 80.0])
    expected = np.broadcast_to(np.array([[20.0], [100.0]]), actual.shape)

    def upto(known: int, before: Before | None) -> tuple[tuple[Episode, ...], ...]:
        some = actual[:, :known]
        found = Detection(
            expected[:, :known],
            expected[:, :known] - 5,
            expected[:, :known] + 5,
            some - expected[:, :known],
            np.ones(some.shape, bool),
        )
        ends = Ends(some, np.array([1, -1]), 1.0)
        return episodes(some, found, np.zeros_like(some), rules, before=before, ends=ends)

    half = data.draw(st.integers(11, len(part) - 1))
    first, all_of_it = upto(half, None), upto(len(part), None)
    assert upto(len(part), Before(first, np.full(2, half))) == all_of_it
    known = ((one.until(half) for one in of_row) for of_row in all_of_it)
    assert first == tuple(tuple(one for one in of_row if one is not None) for of_row in known)
