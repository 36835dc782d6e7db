"""Empty buckets and filters: what a measure is where it has no rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.cache.project import DATASET, row, write_project, write_rows

from lapwing.model.grain import Grain
from lapwing.model.problem import Refused
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

MEASURES = """
  far_trips: {count: "*", where: distance > 100}
  far_miles: {sum: distance, where: distance > 100}
  far_money: {sum: price, where: distance > 100}
  longest_far: {max: distance, where: distance > 100}
  filled_count: {count: "*", where: distance > 100, fill: -1}
  filled_sum: {sum: distance, where: distance > 100, fill: 0.5}
  filled_money: {sum: price, where: distance > 100, fill: 2.5}
  fine_money: {sum: price, where: distance > 100, fill: 0.125}
  filled_max: {max: distance, where: distance > 100, fill: 0}
  filled_mean: {mean: kilos, where: distance > 100, fill: 0}
  filled_spread: {stddev: distance, fill: 0}
  filled_time: {max: trips.at, fill: 0}
metrics:
  far_share: {ratio: far_trips / trips}
  filled_share: {ratio: filled_max / trips}
  far_over_2: {cumulative: far_trips, window: 2 days}
  longest_over_2: {cumulative: longest_far, window: 2 days}
  filled_over_2: {cumulative: filled_max, window: 2 days}
  filled_change: {change: filled_max, against: 1 day, as: difference}
rollups:"""


OF_TIMES = """
  newest: {max: trips.at}
metrics:
  odd: newest - 1
  later: {change: newest, against: week}
  right: {cumulative: newest}
rollups:"""


@pytest.fixture(scope="module")
def trips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lapwing]:
    """One short trip on the 1st, a long one on the 2nd, none on the 3rd and 4th, a short one on the 5th."""
    root = tmp_path_factory.mktemp("fill")
    write_project(root, dataset=DATASET.replace("\nrollups:", MEASURES, 1))
    days = [(1, 10), (2, 500), (5, 20)]
    write_rows(root, "a", [row(datetime(2013, 1, day, 12), distance=distance) for day, distance in days])
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build()
        yield lapwing


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("far_trips", [0, 1, 0, 0, 0, None]),
        ("far_miles", [0, 500, 0, 0, None, None]),
        ("far_money", [Decimal(0), Decimal(0), Decimal(0), Decimal(0), None, None]),  # the long trip has no price
        ("longest_far", [None, 500, None, None, None, None]),
        ("filled_count", [-1, 1, -1, -1, 0, None]),
        ("filled_sum", [0.5, 500.0, 0.5, 0.5, None, None]),
        ("filled_money", [Decimal("2.5"), Decimal("2.5"), Decimal("2.5"), Decimal("2.5"), None, None]),
        ("fine_money", [0.125, 0.125, 0.125, 0.125, None, None]),
        ("filled_max", [0, 500, 0, 0, None, None]),
        ("filled_mean", [0.0, 0.1, 0.0, 0.0, None, None]),
        ("filled_spread", [None, None, 0.0, 0.0, None, None]),  # of one row there is none, which is not empty
        ("far_share", [0.0, 1.0, None, None, 0.0, None]),
        ("filled_share", [0.0, 500.0, None, None, None, None]),
        ("far_over_2", [None, 1, 1, 0, 0, None]),
        ("longest_over_2", [None, 500, 500, None, None, None]),
        ("filled_over_2", [None, 500, 500, 0, None, None]),
        ("filled_change", [None, 500, -500, 0, None, None]),
    ],
)
def test_a_bucket_without_rows(trips: Lapwing, metric: str, expected: list[Any], cache: bool) -> None:
    """The data is complete until 12:15 on the 5th: that day and the next are not filled."""
    query = MetricQuery(metrics=(metric,), grain=Grain.parse("day"), start="2013-01-01", end="2013-01-07")
    answer = trips.answer(replace(query, wishes=Wishes(cache=cache)))
    assert answer.table.column(metric).to_pylist() == expected


def test_the_answer_does_not_depend_on_what_else_is_asked(trips: Lapwing) -> None:
    """By the hour most cells are empty, by the day none is: a filtered sum is 0 in both."""
    query = MetricQuery(metrics=("far_miles",), grain=Grain.parse("day"), start="2013-01-01", end="2013-01-03")
    assert trips.answer(query).table.column("far_miles").to_pylist() == [0, 500]
    wider = replace(query, metrics=("trips", "far_miles"), end="2013-01-05")
    assert trips.answer(wider).table.column("far_miles").to_pylist() == [0, 500, 0, 0]


def test_times_are_not_filled_with_numbers(trips: Lapwing) -> None:
    with pytest.raises(Refused, match="Measure filled_time: fill is a number, but its values are of type timestamp"):
        trips.answer(MetricQuery(metrics=("filled_time",)))
    [problem] = trips.check()
    assert (problem.code, problem.place and problem.place.key) == ("fill-no-number", "measures.filled_time")


def test_metrics_that_can_not_be_reckoned_are_found(tmp_path: Path) -> None:
    write_project(tmp_path, dataset=DATASET.replace("\nrollups:", OF_TIMES, 1))
    write_rows(tmp_path, "a", [row(datetime(2013, 1, 1, 12)), row(datetime(2013, 1, 2, 12))])
    with Lapwing.open(tmp_path) as lapwing:
        found = [(problem.code, problem.place and problem.place.key) for problem in lapwing.check()]
        assert found == [("no-number", "metrics.odd"), ("no-number", "metrics.later")]
        with pytest.raises(Refused, match="values of type timestamp"):
            lapwing.answer(MetricQuery(metrics=("odd",)))
        answer = lapwing.answer(MetricQuery(metrics=("right",), grain=Grain.parse("day")))
        assert answer.table.column("right").to_pylist() == [datetime(2013, 1, 1, 12), datetime(2013, 1, 2, 12)]
