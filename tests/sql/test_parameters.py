"""Parameters become values and nothing else."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.model.problem import WrongUse
from lapwing.sql.parameters import count, filled

ENGINE = duckdb.connect()
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.binary(),
    st.dates(date(1, 1, 1)),
    st.datetimes(datetime(1, 1, 1)),
    st.timedeltas(timedelta(-9999), timedelta(9999)),
)


@settings(max_examples=150)
@given(st.lists(VALUES, min_size=1, max_size=4))
def test_the_engine_reads_each_value_back(values: list[Any]) -> None:
    text = f"select {', '.join('?' for _ in values)}"
    assert ENGINE.execute(filled(text, values).text).fetchall() == [tuple(values)]


@pytest.mark.parametrize("text", ["'?'", '"?"', "-- ?", "/* ? \n $1 */", "$$ ? $$", "$a$ $1 ? $a$", "a$1"])
def test_marks_inside_texts_names_and_comments_are_none(text: str) -> None:
    assert count(text) == 0


def test_numbers_may_repeat() -> None:
    assert filled("select $2, $1, $2", ["a", 1]).text == "select 1, 'a', 1"


@pytest.mark.parametrize(
    ("text", "values"), [("?", []), ("?", [1, 2]), ("? $1", [1]), ("$0", []), ("?", [object()]), ("?", ["a\0"])]
)
def test_what_can_not_be_filled_is_refused(text: str, values: list[Any]) -> None:
    with pytest.raises(WrongUse) as told:
        filled(text, values)
    assert told.value.problems[0].code == "bad-parameter"


def test_marks_inside_texts_with_escapes_are_none() -> None:
    assert filled(r"select e'it\'s ?', ?, 'a\', ?", [1, 2]).text == r"select e'it\'s ?', 1, 'a\', 2"
    assert count("select 'open ?") == 0
