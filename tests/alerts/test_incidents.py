"""The incident machine: told once, again only on a record, closed only when it is quiet."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.alerts.chance import Kind
from lapwing.alerts.detect import Detection
from lapwing.alerts.episode import Episode, Rules
from lapwing.alerts.incidents import Before, episodes, learned_minimum

RULES = Rules(threshold=5.0, direction=1, quiet=3, rejoin=3)
BOTH = Rules(threshold=5.0, direction=0, quiet=3, rejoin=3)


def run(
    score: list[float],
    difference: list[float] | None = None,
    rules: Rules = RULES,
    minimum: float = 0.0,
    before: Before | None = None,
) -> list[Episode]:
    scores = np.array([score], np.float64)
    moved = scores if difference is None else np.array([difference])
    zero = np.zeros_like(scores)
    found = Detection(zero, zero - 1, zero + 1, scores, np.isfinite(scores))
    return list(episodes(moved, found, np.full_like(scores, minimum), rules, before=before)[0])


def kinds(episode: Episode) -> list[tuple[str, int]]:
    return [(step.kind, step.bucket) for step in episode.steps]


def test_one_burst_is_told_once() -> None:
    (one,) = run([0, 0, 6, 7, 6, 0, 0, 0, 0])
    assert kinds(one) == [("opened", 2), ("resolved", 7)]
    assert (one.first, one.last, one.resolved) == (2, 4, 7)


def test_grew_only_on_a_new_record() -> None:
    (one,) = run([0, 6, 8, 10, 9, 16, 0, 0, 0])
    assert kinds(one) == [("opened", 1), ("grew", 3), ("grew", 5), ("resolved", 8)]


def test_it_began_before_it_was_told() -> None:
    (one,) = run([0, 0, 2.6, 3, 6, 0, 0, 0])
    assert (one.first, one.opened) == (2, 4)


def test_a_calm_moment_does_not_close_it() -> None:
    (one,) = run([0, 6, 0, 0, 3, 0, 0, 6, 0, 0, 0])
    assert kinds(one) == [("opened", 1), ("resolved", 10)]
    assert one.last == 7


def test_soon_after_is_the_same_incident_and_later_is_not() -> None:
    (one,) = run([0, 6, 0, 0, 0, 0, 7, 0, 0, 0])
    assert kinds(one) == [("opened", 1), ("resolved", 4), ("opened", 6), ("resolved", 9)]
    assert len(run([0, 6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0])) == 2


def test_after_a_pause_only_a_record_is_told() -> None:
    """It grew to 14 in the second outbreak: less than half again of the 10 told before. 16 is more."""
    (one,) = run([0, 10, 0, 0, 0, 8, 14, 16, 0, 0, 0])
    assert kinds(one) == [("opened", 1), ("resolved", 4), ("opened", 5), ("grew", 7), ("resolved", 10)]


def test_as_known_then_its_numbers_end_with_the_last_loud_bucket_known() -> None:
    (one,) = run([0, 6, 0, 0, 3, 0, 0, 0])
    assert one.loud == (1, 4)
    assert [known.last for buckets in range(2, 9) if (known := one.until(buckets))] == [1, 1, 1, 4, 4, 4, 4]


def test_small_is_not_told_however_unusual() -> None:
    assert run([0, 9, 0], difference=[0, 0.4, 0], minimum=0.5) == []
    assert len(run([0, 9, 0], difference=[0, 0.6, 0], minimum=0.5)) == 1


def test_direction() -> None:
    down = Rules(threshold=5.0, direction=-1, quiet=3, rejoin=3)
    assert run([0, 9, 0, 0, 0])
    assert not run([0, 9, 0, 0, 0], rules=down)
    (one,) = run([0, -9, 0, 0, 0], rules=down)
    assert one.direction == -1
    assert [one.direction for one in run([0, 9, 0, 0, 0, 0, 0, -9, 0], rules=BOTH)] == [1, -1]


def test_the_way_back_from_what_lasted_is_no_incident() -> None:
    lasted, back = [0, *[9] * 5, 0, 0, 0], [*[-9] * 8, 0, 0, 0]
    (one,) = run([*lasted, *back], rules=BOTH)
    assert kinds(one) == [("opened", 1), ("resolved", 8)]
    assert len(run([*lasted, 0, 0, 0, 0, *back], rules=BOTH)) == 2, "too late for one"
    assert len(run([0, 9, 0, 0, 0, *back], rules=BOTH)) == 2, "nothing had followed what was so short"
    _, larger = run([*lasted, -9, -9, -14, -9, 0, 0, 0], rules=BOTH)
    assert (larger.direction, kinds(larger)[0]) == (-1, ("opened", 11))


def test_buckets_that_were_not_judged_do_not_count_as_quiet() -> None:
    nan = float("nan")
    (one,) = run([0, 6, nan, nan, nan, nan, 0, 0, 7, 0, 0, 0])
    assert kinds(one) == [("opened", 1), ("resolved", 11)]


def test_as_it_was_known() -> None:
    (one,) = run([0, 6, 10, 0, 0, 0])
    assert one.until(1) is None
    early = one.until(2)
    assert early is not None
    assert (early.resolved, early.last, kinds(early)) == (None, 1, [("opened", 1)])
    assert one.until(6) == one


SCORES = st.lists(
    st.tuples(st.sampled_from([-9.0, 0.0, 9.0]) | st.floats(-14, 14) | st.just(float("nan")), st.integers(1, 6)),
    min_size=1,
    max_size=16,
).map(lambda runs: [score for score, length in runs for _ in range(length)])


@settings(max_examples=120)
@given(SCORES, st.integers(0, 60), st.sampled_from([RULES, BOTH]))
def test_the_past_never_changes(score: list[float], cut: int, rules: Rules) -> None:
    """What was known after a prefix is what the machine finds on that prefix, and where it goes on from there."""
    found = run(score, rules=rules)
    whole = [known for one in found if (known := one.until(cut)) is not None]
    part = run(score[:cut], rules=rules) if cut else []
    assert [(one.first, one.opened) for one in whole] == [(one.first, one.opened) for one in part]
    assert [kinds(one) for one in whole] == [kinds(one) for one in part]
    assert [one.resolved for one in whole] == [one.resolved for one in part]
    since = np.array([min(cut, len(score))])
    assert run(score, rules=rules, before=Before((tuple(part),), since)) == found


def test_the_learned_minimum() -> None:
    ready = np.ones((1, 4), bool)
    counts = learned_minimum(np.array([[100.0, 100, 100, 100]]), ready, Kind.COUNT)
    assert counts.tolist() == [[10, 10, 10, 10]]
    assert learned_minimum(np.array([[2.0, 2, 2, 2]]), ready, Kind.COUNT).tolist() == [[3, 3, 3, 3]]
    shares = learned_minimum(np.full((1, 4), 0.02), ready, Kind.SHARE, np.array([[1000.0, 10, 0, 1000]]))
    np.testing.assert_allclose(shares, [[0.003, 0.3, np.inf, 0.003]])
