from __future__ import annotations

import queue
import threading
from functools import partial

import pytest

from lapwing.cache.aside import Aside

PATIENCE = 20.0


def test_pieces_are_done_one_after_the_other() -> None:
    aside, done = Aside("test", most=10), list[int]()
    for number in range(5):
        assert aside.do(partial(done.append, number))
    assert aside.wait(PATIENCE)
    assert done == [0, 1, 2, 3, 4]


def test_what_there_is_no_room_for_is_refused() -> None:
    aside, begun, go_on = Aside("test", most=1), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(PATIENCE)

    assert aside.do(work)
    assert begun.wait(PATIENCE)
    assert aside.do(lambda: None)  # waits
    assert not aside.do(lambda: None)
    assert not aside.wait(0.01)
    go_on.set()
    assert aside.wait(PATIENCE)
    assert aside.do(lambda: None)


def test_a_piece_that_fails_does_not_stop_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    told = queue.SimpleQueue[threading.ExceptHookArgs]()
    monkeypatch.setattr(threading, "excepthook", told.put)
    aside, done = Aside("test", most=10), threading.Event()

    def fails() -> None:
        raise ValueError("broken")

    assert aside.do(fails)
    assert aside.wait(PATIENCE)
    assert aside.do(done.set)
    assert done.wait(PATIENCE)
    assert told.get(timeout=PATIENCE).exc_type is ValueError
