"""Iterators worked off at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator

import pytest

from lapwing.sources.together import together


def counting(start: int, many: int) -> Callable[[], Generator[int, None, None]]:
    def work() -> Generator[int, None, None]:
        yield from range(start, start + many)

    return work


def test_all_items_of_all() -> None:
    works = [counting(start, 1_000) for start in (0, 1_000, 2_000)]
    found = list(together(works, ahead=4, interrupt=lambda: None, name="count"))
    assert sorted(found) == list(range(3_000))
    assert [one for one in found if one < 1_000] == list(range(1_000))


def test_nothing_at_all() -> None:
    assert list(together([counting(0, 0), counting(0, 0)], ahead=1, interrupt=lambda: None, name="none")) == []


def test_the_first_error_interrupts_the_others() -> None:
    interrupted, closed = threading.Event(), threading.Event()

    def waits() -> Generator[int, None, None]:
        try:
            yield 1
            assert interrupted.wait(30)
            raise OSError("interrupted")
        finally:
            closed.set()

    def fails() -> Generator[int, None, None]:
        yield 2
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        list(together([waits, fails], ahead=8, interrupt=interrupted.set, name="fail"))
    assert closed.is_set()


def test_who_leaves_early_leaves_nothing_running() -> None:
    before = threading.active_count()
    closed = threading.Event()

    def endless() -> Generator[int, None, None]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    items = together([endless], ahead=2, interrupt=lambda: None, name="endless")
    assert next(items) == 1
    items.close()
    assert closed.is_set()
    assert threading.active_count() == before


@pytest.mark.parametrize(("fault", "told"), [(KeyError("unforeseen"), KeyError), (SystemExit(), RuntimeError)])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_breaks_off_is_no_end(fault: BaseException, told: type[Exception]) -> None:
    def breaks() -> Generator[int, None, None]:
        yield 1
        raise fault

    with pytest.raises(told, match=r"unforeseen|broke off"):
        list(together([breaks, counting(0, 3)], ahead=8, interrupt=lambda: None, name="break"))
