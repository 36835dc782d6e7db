"""Amounts of memory."""

from __future__ import annotations

import pytest

from lapwing.model.problem import WrongUse
from lapwing.model.size import parse_size, shown_size


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("2GB", 2_000_000_000),
        (" 512 mb ", 512_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("1KiB", 1024),
        ("700000000B", 700_000_000),
    ],
)
def test_amounts(text: str, amount: int) -> None:
    assert parse_size(text) == amount


@pytest.mark.parametrize(
    "text", ["", "2", "GB", "-2GB", "0GB", "2 GG", "2GBs", "1e3GB", "1,5GB", "9999999TB", "two GB"]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(WrongUse) as caught:
        parse_size(text)
    assert caught.value.problems[0].code == "bad-size"
    assert "such as 2GB" in str(caught.value.problems[0].hint)


def test_what_is_wrong_is_told() -> None:
    with pytest.raises(WrongUse, match="it has no unit"):
        parse_size("2")
    with pytest.raises(WrongUse) as caught:
        parse_size("2GBs")
    assert "2GB" in caught.value.problems[0].nearest


def test_in_words() -> None:
    assert [shown_size(amount) for amount in (12, 5_000, 1_610_612_736)] == ["12 B", "5 KB", "1.61 GB"]
