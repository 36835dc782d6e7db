"""An outage is remembered, and forgotten."""

from __future__ import annotations

import time

import pytest

from lapwing.cache.stores.outage import Outage
from lapwing.model.problem import StoreError


def test_an_outage_is_told_at_once_until_it_may_be_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    watch, tried = Outage(), []

    def use(problem: str | None, seconds: float) -> str | None:
        try:
            with watch.watched():
                tried.append(clock[0])
                clock[0] += seconds
                if problem:
                    raise StoreError.of(problem, "It failed.")
        except StoreError as error:
            return error.problems[0].code
        return None

    assert use("store-full", 5) == "store-full"
    assert use(None, 1) is None
    assert use("store-unreachable", 4) == "store-unreachable"  # until 118
    assert len(tried) == 3
    clock[0] = 117.9
    assert use(None, 1) == "store-unreachable"
    assert len(tried) == 3
    clock[0] = 118
    assert use("store-unreachable", 1000) == "store-unreachable"
    clock[0] += 31
    assert use(None, 1) is None
    assert len(tried) == 5


def test_a_read_that_is_slow_by_itself_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    watch = Outage()

    def slow() -> None:
        with watch.watched():
            clock[0] += 5
            with watch.watched():  # another reader's
                clock[0] += 1
            clock[0] += 4
            raise StoreError.of("store-unreachable", "It took too long.")

    with pytest.raises(StoreError):
        slow()
    with watch.watched():
        pass
