"""Planning is broken off at the time limit, wherever it is: the engine's optimizer knows none of its own."""

from __future__ import annotations

from contextlib import suppress

import pytest

from lapwing.model.problem import LapwingError, SourceError, TimeLimit, WrongUse
from lapwing.sources.engine import Cursor, Engine
from lapwing.sql.parse import parse
from lapwing.sql.service import SqlService

TERMS = " or ".join(f"(a.n = {n} and b.g = {n % 7} and c.n > {n})" for n in range(2_000))
MANY = f"select count(*) as c from own.big a join own.big b on a.n = b.n join own.big c on c.n = b.n where {TERMS}"


def test_thousands_of_conditions_over_joins(local: SqlService) -> None:
    with pytest.raises(TimeLimit) as caught:
        local.table(MANY, time_limit=0.2)
    (problem,) = caught.value.problems
    assert problem.code == "time-limit"
    assert problem.message == "Planning the statement took longer than 0.2 seconds and was stopped."
    assert "many ORs" in (problem.hint or "")
    assert local.table("select count(*) as c from own.big").to_pylist() == [{"c": 200_000}]


def test_a_cursor_goes_on_after_what_took_too_long() -> None:
    engine = Engine()
    with engine.cursor() as cursor:
        with pytest.raises(TimeLimit, match=r"It took longer than 0\.1 seconds"), cursor.within(0.1, "It"):
            cursor.execute("select count(*) from range(1000000000000)")
        with cursor.within(20, "It"):
            assert cursor.execute("select 42") == [(42,)]
        with pytest.raises(SourceError, match="another"), cursor.within(20, "It"):
            raise SourceError.of("other", "It is another error.")
        with pytest.raises(TimeLimit, match="longer"), cursor.within(0.05, "It"), suppress(LapwingError):
            cursor.execute("select count(*) from range(1000000000000)")  # who goes on without it is told, too
    engine.close()


def test_a_walk_over_a_long_statement_is_broken_off() -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks > 100:
            raise TimeLimit.of("time-limit", "It is over.")

    engine = Engine.planner()
    with engine.cursor() as cursor:
        parse(f"select {' + '.join(['1'] * 100)}", cursor)
        cursor.check = look  # type: ignore[method-assign]
        with pytest.raises(TimeLimit):
            parse(f"select 1 where {TERMS}", cursor)
    engine.close()
    assert looks == 101


def check_for_ever(cursor: Cursor) -> None:
    while True:
        cursor.check()


def test_time_that_is_over_is_told_between_two_calls() -> None:
    engine = Engine()
    with engine.cursor() as cursor:
        with pytest.raises(TimeLimit, match=r"It took longer than 0\.01 seconds"), cursor.within(0.01, "It"):
            check_for_ever(cursor)
        cursor.check()
    engine.close()


def test_statements_that_are_too_long_are_not_read(local: SqlService) -> None:
    with pytest.raises(WrongUse) as caught:
        local.table(f"select 1 -- {'x' * 1_000_000}")
    assert caught.value.problems[0].code == "too-long"
