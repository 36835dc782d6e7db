"""Records grow by what changed and by nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.life import life
from lapwing.alerts.reconcile import Judging, Step, Told, additions, taken_back
from lapwing.alerts.record import Happened

steps = st.lists(st.integers(0, 30), min_size=1, max_size=6, unique=True).map(
    lambda buckets: tuple(
        Step(("opened", "grew", "resolved")[0 if not n else 2 if n == len(buckets) - 1 else 1], bucket + 1, bucket)
        for n, bucket in enumerate(sorted(buckets))
    )
)


def told(of: tuple[Step, ...]) -> Told:
    return Told(key=("[]", 1, of[0].bucket), steps=of)


@given(st.lists(st.none() | steps, min_size=1, max_size=6))
def test_after_any_judgings_what_holds_is_what_the_last_one_told(judgings: list[tuple[Step, ...] | None]) -> None:
    lines: tuple[Happened, ...] = ()
    for number, judged in enumerate(judgings):
        judging = Judging(now=100 + number, covered=None if not number else 31, same=True)
        before = lines
        added = taken_back(lines, "late_data", judging) if judged is None else additions(lines, told(judged), judging)
        lines = (*lines, *added)
        assert lines[: len(before)] == before
        assert [line.number for line in lines] == list(range(1, len(lines) + 1))
        held = {(line.kind, line.bucket) for line in life(lines).steps}
        assert held == {(step.kind, step.bucket) for step in judged or ()}
        assert life(lines).open == (judged is not None and judged[-1].kind != "resolved")
        assert number == 0 or all(line.at == 100 + number for line in added), "it is known from now on"
        if judged is not None:
            assert additions(lines, told(judged), judging) == []


@given(st.lists(st.tuples(st.none() | steps, st.integers(31, 500)), min_size=1, max_size=6))
def test_whatever_the_clock_says_what_holds_is_what_the_last_judging_told(
    judgings: list[tuple[tuple[Step, ...] | None, int]],
) -> None:
    """It may go back: what is added then is not taken for what happened before."""
    lines: tuple[Happened, ...] = ()
    for number, (judged, now) in enumerate(judgings):
        judging = Judging(now=now, covered=None if not number else 31, same=True)
        added = taken_back(lines, "late_data", judging) if judged is None else additions(lines, told(judged), judging)
        lines = (*lines, *added)
        assert life(lines).open == (judged is not None and judged[-1].kind != "resolved")
        if judged is not None:
            assert additions(lines, told(judged), judging) == []


@given(steps, steps)
def test_what_was_known_before_a_judging_stays_known_as_it_was(
    first: tuple[Step, ...], second: tuple[Step, ...]
) -> None:
    lines = tuple(additions((), told(first), Judging(now=100, covered=None, same=True)))
    later = (*lines, *additions(lines, told(second), Judging(now=200, covered=31, same=True)))
    assert life(later, 199) == life(lines)
