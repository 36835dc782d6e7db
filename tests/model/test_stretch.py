"""Metrics of time come down to arithmetic over measures, each with the stretch of time it is taken over."""

from __future__ import annotations

from pathlib import Path

import pytest

from lapwing.model.dataset import Better, Dataset, MetricKind
from lapwing.model.duration import Span
from lapwing.model.expression import Binary, Call, MeasureRef
from lapwing.model.grain import Grain
from lapwing.model.load import load
from lapwing.model.stretch import Stretch, Window

FLIGHTS = """
dataset: flights
table: files.flights
time: at
measures:
  flights: {count: "*", unit: flights, better: up}
  cancelled: {count: "*", where: cancelled, better: down}
metrics:
  rate: {ratio: cancelled / flights, format: percent, better: down}
  month: {cumulative: flights, window: 28 days}
  mtd: {cumulative: flights, to_date: month, unit: departures}
  ever: {cumulative: flights}
  month_rate: {cumulative: rate, window: 28 days}
  vs_week: {change: flights, against: week}
  more: {change: month, against: 1 year, as: difference}
  twice: {change: vs_week, against: month, as: ratio}
  rate_vs: {change: rate, against: month, as: difference, better: up}
  share: {derived: flights / month}
"""
MONTH = Window(long=Span(days=28))
WEEK = Span(days=7)


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    root = tmp_path_factory.mktemp("stretch")
    (root / "datasets").mkdir()
    (root / "lapwing.yaml").write_text("name: x\nsources: {files: {type: files, path: data}}\n")
    (root / "datasets" / "flights.yaml").write_text(FLIGHTS)
    return load(root).datasets["flights"]


def flown(*back: Span, window: Window | None = None, measure: str = "flights") -> MeasureRef:
    return MeasureRef("flights", measure, Stretch(back, window) if back or window else None)


def test_windows(flights: Dataset) -> None:
    found = {name: flights.metrics[name].expression for name in ("month", "mtd", "ever", "share")}
    assert found == {
        "month": flown(window=MONTH),
        "mtd": flown(window=Window(to_date=Grain.parse("month"))),
        "ever": flown(window=Window()),
        "share": Binary("/", flown(), flown(window=MONTH)),
    }


def test_a_window_of_a_ratio_is_the_ratio_over_the_window(flights: Dataset) -> None:
    cancelled = flown(window=MONTH, measure="cancelled")
    assert flights.metrics["month_rate"].expression == Binary("/", cancelled, flown(window=MONTH))


def test_changes(flights: Dataset) -> None:
    year = Span(months=12)
    then = flown(WEEK)
    assert flights.metrics["vs_week"].expression == Binary("/", Binary("-", flown(), then), Call("abs", (then,)))
    assert flights.metrics["more"].expression == Binary("-", flown(window=MONTH), flown(year, window=MONTH))


def test_a_change_of_a_change_goes_back_first_by_its_own(flights: Dataset) -> None:
    month = Span(months=1)
    both = flown(month, WEEK)
    before = Binary("/", Binary("-", flown(month), both), Call("abs", (both,)))
    assert flights.metrics["twice"].expression == Binary("/", flights.metrics["vs_week"].expression, before)


@pytest.mark.parametrize(
    ("name", "kind", "text", "unit", "format_", "better"),
    [
        ("month", MetricKind.CUMULATIVE, "flights over 28 days", "flights", "", Better.UP),
        ("mtd", MetricKind.CUMULATIVE, "flights month to date", "departures", "", Better.UP),
        ("ever", MetricKind.CUMULATIVE, "flights over all time", "flights", "", Better.UP),
        ("month_rate", MetricKind.CUMULATIVE, "rate over 28 days", "", "percent", Better.DOWN),
        ("vs_week", MetricKind.CHANGE, "flights against 7 days before, as percent", "", "percent", Better.UP),
        ("more", MetricKind.CHANGE, "month against 1 year before, as difference", "flights", "", Better.UP),
        ("twice", MetricKind.CHANGE, "vs_week against 1 month before, as ratio", "", "", Better.UP),
        ("rate_vs", MetricKind.CHANGE, "rate against 1 month before, as difference", "", "percent", Better.UP),
    ],
)
def test_they_are_shown_as_what_they_are_made_of(
    flights: Dataset, name: str, kind: MetricKind, text: str, unit: str, format_: str, better: Better
) -> None:
    metric = flights.metrics[name]
    assert (metric.kind, metric.text) == (kind, text)
    assert (metric.shown.unit, metric.shown.format, metric.shown.better) == (unit, format_, better)


def test_a_change_of_large_metrics_is_too_large(tmp_path: Path) -> None:
    changes = "".join(f"  c{n + 1}: {{change: c{n}, against: week}}\n" for n in range(1, 8))
    text = FLIGHTS + "  c1: {change: flights, against: week}\n" + changes
    (tmp_path / "datasets").mkdir()
    (tmp_path / "lapwing.yaml").write_text("name: x\nsources: {files: {type: files, path: data}}\n")
    (tmp_path / "datasets" / "flights.yaml").write_text(text)
    with pytest.raises(Exception, match="more than 400 terms"):
        load(tmp_path)
