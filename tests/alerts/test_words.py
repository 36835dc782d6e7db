"""Numbers and sentences as people write them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from lapwing.alerts.words import money, number, plural, share, signed, when


@pytest.mark.parametrize(
    ("value", "form", "unit", "says"),
    [
        (0, "", "", "0"),
        (-0.0, "", "", "0"),
        (12.34, "", "min", "12.3 min"),
        (99.96, "", "", "100"),
        (1234567, "", "", "1,234,567"),
        (-3, "", "USD", "−3 USD"),
        (2.4, "currency", "USD", "$2.40"),
        (-83.95, "currency", "EUR", "−€83.95"),
        (0.0123, "currency", "USD", "$0.012"),
        (1234.5, "currency", "USD", "$1,234"),
        (3, "currency", "CHF", "3 CHF"),
        (0.00123, "", "", "0.0012"),
        (0.005, "percent", "", "0.5%"),
        (1, "percent", "", "100%"),
        (math.nan, "", "", "–"),
    ],
)
def test_numbers(value: float, form: str, unit: str, says: str) -> None:
    assert number(value, form, unit) == says


def test_differences() -> None:
    assert [signed(5), signed(-0.5), signed(0), signed(-0.02, "percent")] == ["+5", "−0.5", "0", "−2 pp"]
    assert [signed(1.3, "currency", "USD"), signed(-0.001, "currency", "USD")] == ["+$1.30", "−$0.001"]


def test_other_words() -> None:
    assert [plural(1, "Airport"), plural(2, "Class"), plural(2, "Day")] == ["1 airport", "2 classes", "2 days"]
    assert share(0.985) == "98%"
    assert when(datetime(2013, 2, 8, 9, 5, tzinfo=UTC)) == "Fri 8 Feb, 09:05"
    assert when(datetime(2013, 2, 8, tzinfo=UTC), clock=False) == "Fri 8 Feb"
    assert [money(999, "USD"), money(1500, "CHF"), money(2.5e9, "EUR")] == ["$999", "1.50 k CHF", "€2.50 B"]
