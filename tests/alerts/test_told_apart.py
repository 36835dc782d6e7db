"""What is a dimension of a file, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lapwing.alerts.told_apart import measures

DAYS, CITIES = 6, 4
WHEN = np.repeat(np.arange(DAYS), CITIES)
CITY = ["a", "b", "c", "d"] * DAYS


def column(values: Sequence[str | None]) -> tuple[tuple[str | None, ...], np.ndarray]:
    known = sorted(set(values), key=str)
    return tuple(known), np.array([known.index(one) for one in values])


def found(when: np.ndarray = WHEN, **columns: Sequence[str | None]) -> list[str]:
    return measures({name: column(values) for name, values in columns.items()}, when)


def test_a_number_that_changes_from_day_to_day_was_measured() -> None:
    clicks = [str(one) for one in range(len(CITY))]
    cost = [f"{one % 7}.5" for one in range(len(CITY))]
    assert found(city=CITY, clicks=clicks, cost=cost) == ["clicks", "cost"]


def test_rows_that_are_there_twice_are_one() -> None:
    clicks = [str(one) for one in range(len(CITY))]
    assert found(np.tile(WHEN, 2), city=CITY * 2, clicks=clicks * 2) == ["clicks"]


def test_numbers_that_rows_are_told_apart_by_are_dimensions() -> None:
    """The codes of four networks, of which each moment has all."""
    codes = ["7", "8", "9", "10"] * DAYS
    assert found(network=codes) == []
    assert found(when=np.repeat(np.arange(3), 8), city=["a", "b"] * 12, network=sorted(codes)[:12] * 2) == []


def test_numbers_that_stay_are_dimensions() -> None:
    """Each city's post code; once it was missing."""
    codes: list[str | None] = ["1000", "2000", "3000", "4000"] * DAYS
    codes[9] = None
    assert found(city=CITY, code=codes) == []


def test_names_are_dimensions() -> None:
    assert found(city=CITY, owner=[f"o{one}" for one in range(len(CITY))]) == []
