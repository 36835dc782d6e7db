"""The sentence of a cause: clear, everywhere, or honestly unclear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from lapwing.alerts.cause import Breakdown, Cause, Subject, breakdown, explain, label_twins, mean_totals, usual_half
from lapwing.alerts.history import Slice, Totals

COUNT = Subject(direction=1, rates=False, ratio=False)


Amounts = Mapping[Any, float | tuple[float, float]]


def totals(of: Amounts) -> Totals:
    return {
        (value,): np.array(amount if isinstance(amount, tuple) else (amount, 1.0), float)
        for value, amount in of.items()
    }


def said(*breakdowns: Breakdown, subject: Subject = COUNT, inner: tuple[Totals, Totals] | None = None) -> Cause:
    def within(_by: tuple[str, ...], _slice: Slice) -> tuple[Totals, Totals]:
        return inner or (totals({"x": 1, "y": 1}), totals({"x": 1, "y": 1}))

    return explain(tuple(breakdowns), (), within, subject)


def of(name: str, after: Amounts, before: Amounts, subject: Subject = COUNT) -> Breakdown:
    return breakdown(name, name.capitalize(), totals(after), totals(before), subject)


def test_one_slice_has_it_all() -> None:
    cause = said(of("airport", {"EWR": 90, "JFK": 11, "LGA": 10}, {"EWR": 10, "JFK": 10, "LGA": 10}))
    assert cause.says == "Mostly EWR (airport): 99% of the difference, from 33% of the usual."
    assert (cause.slice, cause.clear) == ((("airport", "EWR"),), True)
    assert cause.share == pytest.approx(80 / 81)


def test_a_narrower_slice_is_named_where_it_keeps_nearly_all() -> None:
    airport = of("airport", {"EWR": 90, "JFK": 11, "LGA": 10}, {"EWR": 10, "JFK": 10, "LGA": 10})
    airline = of("airline", {"B6": 71, "UA": 40}, {"B6": 14, "UA": 16})
    cause = said(airport, airline, inner=(totals({"B6": 85, "UA": 5}), totals({"B6": 5, "UA": 5})))
    assert cause.slice == (("airport", "EWR"), ("airline", "B6"))
    assert cause.says.startswith("Mostly EWR (airport) with B6 (airline): 99% of the difference, from 17%")


def test_a_slice_of_most_rows_explains_nothing() -> None:
    """ "Not long haul: all of the difference, from 80% of the flights" is true and of no use."""
    far = of("far", {True: 10, False: 140}, {True: 10, False: 40})
    cause = said(far)
    assert not cause.clear
    assert cause.says == "No clear cause."
    assert cause.slice is None


def test_everywhere_at_once() -> None:
    airports, airlines = {"EWR": 100, "JFK": 110, "LGA": 90}, {"A": 80, "B": 75, "C": 75, "D": 70}
    cause = said(
        of("airport", airports, dict.fromkeys(airports, 10.0)), of("airline", airlines, dict.fromkeys(airlines, 7.5))
    )
    assert cause.says == (
        "Everywhere at once: all 3 airports and all 4 airlines are higher. JFK is the largest part, +100."
    )
    assert cause.slice is None


def test_lower_is_said_as_lower() -> None:
    subject = Subject(direction=-1, rates=False, ratio=False)
    airports = {"EWR": 10, "JFK": 9, "LGA": 11}
    cause = said(of("airport", airports, dict.fromkeys(airports, 100.0), subject), subject=subject)
    assert cause.says.startswith("Everywhere at once: all 3 airports are lower. JFK is the largest part, −91")


def test_no_clear_cause_names_what_stands_out_most() -> None:
    cause = said(of("airport", {"EWR": 26, "JFK": 10, "LGA": 22}, {"EWR": 10, "JFK": 10, "LGA": 10}))
    assert cause.says == "No clear cause. EWR (airport) has 33% of the usual and 57% of the difference."


def test_nothing_to_split_by() -> None:
    assert said().says == "No clear cause. There is nothing to split it by."
    assert said(of("airport", {"EWR": 90}, {"EWR": 10})).says == "No clear cause. There is nothing to split it by."


def test_a_ratio_is_expected_by_todays_exposure() -> None:
    """Twice the rows at the same rate are no difference of a rate; a moved rate is."""
    ratio = Subject(direction=1, rates=True, ratio=True)
    found = of("shop", {"a": (20, 200), "b": (40, 100)}, {"a": (10, 100), "b": (10, 100)}, ratio)
    rows = {row.value: row for row in found.rows}
    assert (rows["a"].expected, rows["a"].difference) == (20, 0)
    assert (rows["b"].before_rate, rows["b"].after_rate, rows["b"].share) == (0.1, 0.4, 1)
    assert rows["a"].rate == pytest.approx(0)
    assert sum((row.rate or 0) + (row.mix or 0) for row in found.rows) == pytest.approx(60 / 300 - 20 / 200)


def test_a_slice_of_one_side_only_is_all_mix() -> None:
    ratio = Subject(direction=1, rates=True, ratio=True)
    found = of("shop", {"a": (10, 100), "new": (50, 100)}, {"a": (10, 100), "old": (5, 50)}, ratio)
    rows = {row.value: row for row in found.rows}
    assert rows["new"].rate == 0
    assert rows["old"].rate == 0
    assert sum((row.rate or 0) + (row.mix or 0) for row in found.rows) == pytest.approx(60 / 200 - 15 / 150)


def test_names_stand_for_codes() -> None:
    (shown,) = label_twins(
        (of("carrier", {"B6": 90, None: 1}, {"B6": 1}),),
        {("carrier", "airline"): {"B6": "JetBlue"}},
        {"airline": "Airline"},
    )
    assert (shown.label, [row.label for row in shown.rows]) == ("Airline", ["JetBlue", None])
    assert (
        "Mostly JetBlue (airline)"
        in said(
            *label_twins(
                (of("carrier", {"B6": 90, "UA": 1, "AA": 1}, {"B6": 1, "UA": 1, "AA": 1}),),
                {("carrier", "airline"): {"B6": "JetBlue"}},
                {"airline": "Airline"},
            )
        ).says
    )


def test_the_usual_half_leaves_out_what_was_unusual() -> None:
    stretches = [((n, n + 1), totals({"a": amount})) for n, amount in enumerate((10, 500, 11, 12))]
    assert sorted(usual_half(stretches)) == [(2, 3), (3, 4)]
    assert usual_half([]) == []
    assert usual_half(stretches[:1]) == [(0, 1)]


def test_the_mean_of_stretches_counts_what_is_missing_as_nothing() -> None:
    mean = mean_totals([totals({"a": (2, 4), "b": (2, 2)}), totals({"a": (4, 8)})])
    np.testing.assert_array_equal(mean[("a",)], [3, 6])
    np.testing.assert_array_equal(mean[("b",)], [1, 1])
