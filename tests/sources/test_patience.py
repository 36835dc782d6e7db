"""Questions to sources that hang."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from lapwing.sources.patience import Unanswered, answered, patient


@pytest.fixture(name="end")
def _end() -> Iterator[threading.Event]:
    end = threading.Event()
    yield end
    end.set()


def test_nobody_waits_longer_than_there_is_time(end: threading.Event) -> None:
    begun = time.monotonic()
    with patient(0.1), pytest.raises(Unanswered, match=r"far did not answer within 0\.1 s"):
        answered("far", end.wait)
    assert time.monotonic() - begun < 5


def test_the_shorter_of_two_times_counts(end: threading.Event) -> None:
    for outer, inner in ((0.1, 60.0), (60.0, 0.1)):
        with patient(outer), patient(inner), pytest.raises(Unanswered):
            answered("far", end.wait)


def test_answers_and_errors_are_those_of_the_question() -> None:
    def fail() -> None:
        raise KeyError("no")

    with patient(60):
        assert answered("far", lambda: 7) == 7
        assert answered("far", lambda: None) is None
        with pytest.raises(KeyError, match="no"):
            answered("far", fail)


def test_without_a_time_it_is_just_asked() -> None:
    assert answered("far", threading.current_thread) is threading.current_thread()
    with patient(60):
        assert answered("far", threading.current_thread) is not threading.current_thread()
