from __future__ import annotations

from collections.abc import Generator

import pytest

from lapwing.model.failing import Caught, OnError


def test_nothing_is_told_of_a_block_that_went_well() -> None:
    told: list[BaseException] = []
    with OnError(told.append):
        pass
    assert told == []


@pytest.mark.parametrize("error", [ValueError("one"), KeyboardInterrupt(), SystemExit(3)])
def test_an_error_is_told_and_goes_on(error: BaseException) -> None:
    told: list[BaseException] = []
    with pytest.raises(type(error)) as raised, OnError(told.append):
        raise error
    assert told == [error]
    assert raised.value is error


def test_a_generator_that_is_closed_is_told_of() -> None:
    told: list[BaseException] = []

    def numbers() -> Generator[int, None, None]:
        with OnError(told.append):
            yield 1
            yield 2

    one = numbers()
    next(one)
    one.close()
    assert [type(error) for error in told] == [GeneratorExit]


def test_what_fails_while_an_error_is_told_of_keeps_that_error() -> None:
    def undo(_error: BaseException) -> None:
        raise OSError("undoing failed")

    with pytest.raises(OSError, match="undoing failed") as raised, OnError(undo):
        raise ValueError("first")
    assert isinstance(raised.value.__context__, ValueError)


def test_what_is_caught_can_be_asked_for() -> None:
    error = ValueError("one")
    with Caught() as caught:
        raise error
    assert caught.error is error
    with Caught() as caught:
        pass
    assert caught.error is None
