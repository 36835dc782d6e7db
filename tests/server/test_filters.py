"""Filters chosen in a page keep exactly the rows that were chosen, whatever the values are."""

from __future__ import annotations

import math

import duckdb
import pytest

from lapwing.model.problem import WrongUse
from lapwing.server.documents.asked import FilterBody
from lapwing.server.documents.base import Value
from lapwing.server.filters import where

ROWS: list[str | None] = ["a", "it's", "ü", "", "1' or '1'='1", None]


@pytest.mark.parametrize("exclude", [False, True])
@pytest.mark.parametrize(
    "values", [["a"], ["it's", "ü"], ["1' or '1'='1"], [""], [None], ["a", None], list(ROWS)], ids=str
)
def test_the_rows_kept_are_those_chosen(values: list[Value], exclude: bool) -> None:
    condition = where(None, [FilterBody(dimension='the "shop"', values=values, exclude=exclude)])
    with duckdb.connect() as connection:
        connection.execute('create table rows ("the ""shop""" varchar)')
        connection.executemany("insert into rows values (?)", [[value] for value in ROWS])
        kept = [value for (value,) in connection.execute(f"select * from rows where {condition}").fetchall()]
    assert kept == [value for value in ROWS if (value in values) is not exclude]


def test_numbers_and_truth_are_written_as_they_are() -> None:
    chosen = FilterBody(dimension="n", values=[1, -2.5, True])
    assert where("  ", [chosen]) == '"n" in (1, -2.5, true)'


def test_all_hold_together_and_none_is_no_condition() -> None:
    one, other = FilterBody(dimension="a", values=["x"]), FilterBody(dimension="b", values=["y"])
    assert where("n > 1 or n < 0", [one, other]) == """(n > 1 or n < 0) and "a" in ('x') and "b" in ('y')"""
    assert where(None, []) is None
    assert where(" ", []) is None


@pytest.mark.parametrize("value", ["a\0b", math.inf, math.nan])
def test_a_value_that_is_none_is_refused(value: Value) -> None:
    with pytest.raises(WrongUse, match="to filter by"):
        where(None, [FilterBody.model_construct(dimension="a", values=[value], exclude=False)])
