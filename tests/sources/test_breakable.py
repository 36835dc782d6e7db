"""Ctrl-C in the main thread ends the engine's call, and nothing else."""

from __future__ import annotations

import signal
import threading

import pytest

from lapwing.sources.breakable import breakable
from lapwing.sources.engine import Engine

FOREVER = "select count(*) from range(1000000000000)"


@pytest.mark.parametrize("call", ["execute", "table", "reader"])
def test_ctrl_c_breaks_off_a_statement_and_the_cursor_goes_on(call: str) -> None:
    main = threading.main_thread().ident
    assert main is not None
    with Engine().cursor() as cursor:
        later = threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT))
        later.start()
        with pytest.raises(KeyboardInterrupt):
            getattr(cursor, call)(FOREVER)
        assert cursor.execute("select 42") == [(42,)]


def test_what_is_called_answers_in_any_thread() -> None:
    def fails() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        breakable(fails, lambda: None)
    threads: list[tuple[str, threading.Thread]] = []

    def ask(who: str) -> None:
        threads.append((who, breakable(threading.current_thread, lambda: None)))

    other = threading.Thread(target=ask, args=("other",))
    other.start()
    other.join()
    ask("main")
    assert threads[0] == ("other", other)  # only the main thread can be told of a signal
    assert threads[1][1] is not threading.main_thread()
