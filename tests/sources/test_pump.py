"""Work ahead in a thread, and being let go by it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Generator

import pytest

from lapwing.sources.pump import Pump


def numbers(upto: int, closed: threading.Event | None = None) -> Generator[int, None, None]:
    try:
        yield from range(upto)
    finally:
        if closed:
            closed.set()


def taken(pump: Pump[int]) -> list[int]:
    return list(iter(pump.take, None))


def test_all_items_in_order_then_none() -> None:
    pump = Pump(numbers(100), ahead=3, interrupt=None, name="t")
    assert taken(pump) == list(range(100))
    assert pump.take() is None
    assert pump.wait()


def test_what_waits_is_taken_without_waiting() -> None:
    go = threading.Event()

    def halting() -> Generator[int, None, None]:
        yield from range(3)
        go.wait(30)
        yield 3

    pump = Pump(halting(), ahead=3, interrupt=None, name="t")
    assert pump.take() == 0
    while (found := pump.ready()) is not None or len(pump._ready):
        assert found in (1, 2)
    go.set()
    assert taken(pump)[-1] == 3
    assert pump.ready() is None


def test_it_works_no_more_than_ahead() -> None:
    made: list[int] = []
    third = threading.Event()

    def counted() -> Generator[int, None, None]:
        for number in range(10):
            made.append(number)
            if number == 2:
                third.set()
            yield number

    pump = Pump(counted(), ahead=2, interrupt=None, name="t")
    assert third.wait(5)  # two wait to be taken, the third is in hand
    assert made == [0, 1, 2]
    assert taken(pump) == list(range(10))


def test_what_was_made_before_an_error_is_taken_first() -> None:
    def failing() -> Generator[int, None, None]:
        yield 1
        raise OSError("the disk went away")

    pump = Pump(failing(), ahead=3, interrupt=None, name="t")
    assert pump.take() == 1
    for _ in range(2):
        with pytest.raises(OSError, match="went away"):
            pump.take()


@pytest.mark.parametrize("fault", [KeyError("a fault of ours"), RuntimeError("a driver's")])
def test_whatever_ends_the_items_is_told(fault: Exception) -> None:
    def broken() -> Generator[int, None, None]:
        yield 1
        raise fault

    pump = Pump(broken(), ahead=3, interrupt=None, name="t")
    assert pump.take() == 1
    with pytest.raises(type(fault), match=str(fault.args[0])):
        pump.take()


def test_a_thread_that_breaks_off_is_no_end_of_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def broken() -> Generator[int, None, None]:
        yield 1
        raise SystemExit

    pump = Pump(broken(), ahead=3, interrupt=None, name="t")
    assert pump.take() == 1
    with pytest.raises(RuntimeError, match="broke off"):
        pump.take()


def test_stopping_while_full_closes_the_items() -> None:
    closed = threading.Event()
    pump = Pump(numbers(100, closed), ahead=2, interrupt=None, name="t")
    assert pump.take() == 0
    pump.stop()
    assert pump.take() is None
    assert closed.wait(5)
    pump.stop()


def test_blocked_work_is_interrupted_until_it_ends() -> None:
    """The first interrupts are lost, as when they come before a statement has begun."""
    calls: list[int] = []
    ended = threading.Event()

    def interrupt() -> None:
        calls.append(1)
        if len(calls) == 3:
            ended.set()

    def blocked() -> Generator[int, None, None]:
        ended.wait(30)
        yield 1

    pump = Pump(blocked(), ahead=1, interrupt=interrupt, name="t")
    pump.stop()
    assert pump.wait()
    assert len(calls) == 3


def test_work_that_nothing_interrupts_is_left_behind() -> None:
    ended, closed = threading.Event(), threading.Event()

    def blocked() -> Generator[int, None, None]:
        try:
            ended.wait(30)
            yield 1
        finally:
            closed.set()

    pump = Pump(blocked(), ahead=1, interrupt=None, name="t")
    threading.Timer(0.05, pump.stop).start()
    assert pump.take() is None
    assert not pump.wait()
    assert not closed.is_set()
    ended.set()
    assert closed.wait(5)


LEFT_BEHIND = """
import sys
from lapwing.model.problem import TimeLimit
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Column
from lapwing.sources.sqlite import SQLiteSource
from pathlib import Path
source = SQLiteSource(SourceConfig(name="s", type="sqlite", path=Path(sys.argv[1])))
forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS id FROM n"
try:
    with source.read(forever, (Column("id", "BIGINT"),), time_limit=0.2) as stream:
        list(stream)
except TimeLimit:
    print("let go")
source.close()
"""


def test_a_statement_left_behind_does_not_keep_the_process(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("left") / "a.db"
    path.touch()  # an empty file is an empty SQLite database
    done = subprocess.run([sys.executable, "-c", LEFT_BEHIND, path], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "let go\n", "")
