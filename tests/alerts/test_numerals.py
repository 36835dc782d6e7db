"""Numbers as they are written."""

from __future__ import annotations

import math

import pytest

from lapwing.alerts.numerals import numbers_in


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1.5", "1e3", "-7", " 2 "], [1.5, 1000.0, -7.0, 2.0]),
        (["1,051,730.25", "5"], [1_051_730.25, 5.0]),
        (["1,234", "0.5"], [1234.0, 0.5]),
        (["51,73", "-0,5"], [51.73, -0.5]),
        (["1.051.730,5", "1.051"], [1_051_730.5, 1051.0]),
        (["1 051 730", "1\u00a0000,5"], [1_051_730.0, 1000.5]),
        (["1'000.5"], [1000.5]),
        (["1,5e3"], [1500.0]),
        (["1,234", "5"], [None, 5.0]),
        (["1,05", "1.05"], [None, 1.05]),
        (["12,34,567"], [None]),
        (["$5", "5%", "true", "0x1f"], [None] * 4),
        ([], []),
    ],
)
def test_a_column_of_one_style(texts: list[str], numbers: list[float | None]) -> None:
    assert numbers_in(texts) == numbers


def test_what_is_missing() -> None:
    found = numbers_in(["", "NULL", "n/a", "-", "NaN", "1,5"])
    assert [one is not None and math.isnan(one) for one in found] == [True] * 5 + [False]
    assert numbers_in(["inf"]) == [math.inf]
