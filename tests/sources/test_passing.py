"""When what failed is tried again, and after which pause."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lapwing.model.problem import Problem
from lapwing.sources.base import Source
from lapwing.sources.guarded import Guarded
from lapwing.sources.passing import Backoff, Passing

AWAY = Passing(Problem("source-unreachable", "it does not answer."))


@given(st.lists(st.floats(0, 1), min_size=10, max_size=10), st.integers(1, 8))
def test_pauses_are_any_up_to_a_bound_that_doubles(drawn: list[float], attempts: int) -> None:
    numbers = iter(drawn)
    tries = Backoff(attempts=attempts, first=0.1, most=1.0, random=lambda: next(numbers)).tries(None)
    pauses = []
    while (pause := tries.pause(AWAY)) is not None:
        pauses.append(pause)
    assert len(pauses) == tries.again == attempts - 1
    assert all(0 <= pause <= min(1.0, 0.1 * 2**number) for number, pause in enumerate(pauses))


def test_a_source_that_says_when_is_taken_at_its_word() -> None:
    tries = Backoff(random=lambda: 0.5).tries(60)
    assert tries.pause(Passing(*AWAY.problems, after=7)) == 7.05
    assert tries.why == "it does not answer."


def test_no_pause_goes_beyond_the_time_limit() -> None:
    tries = Backoff().tries(5)
    assert tries.pause(Passing(*AWAY.problems, after=6)) is None
    assert tries.again == 0
    assert tries.told(AWAY) is AWAY


def test_what_a_client_tried_itself_is_not_tried_again() -> None:
    assert Backoff().tries(None).pause(Passing(*AWAY.problems, tried=True)) is None


def test_the_error_tells_how_often() -> None:
    tries = Backoff(random=lambda: 0.0).tries(None)
    tries.pause(AWAY)
    tries.pause(AWAY)
    assert str(tries.told(AWAY)).startswith("it does not answer. It was tried 3 times in 0.")


def test_a_guarded_source_answers_all_that_a_source_is_asked() -> None:
    asked = {name for name, one in vars(Source).items() if callable(one) and not name.startswith("_")}
    assert asked <= set(vars(Guarded))
