"""Metrics of time (windows, to date, changes) equal what plain Python makes of the rows: any rows, zone, grain, window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import fsum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.query import by_hand
from tests.query.by_hand import Asked, Data, Length, Measure, Row, Time

from lapwing.model import calendar
from lapwing.model.grain import Grain
from lapwing.query.answer import Answer
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

PROJECT = """
name: random
now: 2024-06-01
timezone: Europe/Berlin
week_start: {week}
sources: {{files: {{type: files, path: data}}}}
"""
DATASET = """
dataset: events
table: files.events
time: {column: at}
complete_after: 0 hours
dimensions: {place: {}, kind: {}}
measures:
  events: {count: "*"}
  cheap: {count: "*", where: price < 1}
  units: {sum: units}
  dear: {sum: price, where: price > 500}
  weight: {sum: weight}
  least: {min: price}
  most: {max: units, where: kind = 1}
  average: {mean: units}
  spread: {stddev: units}
  filled: {min: units, fill: -7}
  half: {sum: units, where: kind = 2, fill: 0.5}
  latest: {last: price}
  kinds: {distinct: units}
  upper: {quantile: units, q: 0.9}
  common: {top: place, k: 2}
metrics:
  per_event: {ratio: units / events}
%s
rollups:
  main: {grain: 15 minutes, dimensions: [place, kind], partition: month}
  hours: {grain: hour, dimensions: [], partition: month}
"""
MEASURES = {
    "events": Measure(lambda row: 1, len, 0, counts=True),
    "cheap": Measure(lambda row: 1 if row["price"] is not None and row["price"] < 1 else None, len, 0, counts=True),
    "units": Measure(lambda row: row["units"], sum, 0),
    "dear": Measure(lambda row: row["price"] if (row["price"] or 0) > 500 else None, sum, Decimal(0)),
    "weight": Measure(lambda row: row["weight"], fsum, 0.0),
    "least": Measure(lambda row: row["price"], min),
    "most": Measure(lambda row: row["units"] if row["kind"] == 1 else None, max),
    "average": Measure(lambda row: row["units"], lambda values: sum(values) / len(values)),
    "spread": Measure(lambda row: row["units"], by_hand.stddev),
    "filled": Measure(lambda row: row["units"], min, -7),
    "half": Measure(lambda row: row["units"] if row["kind"] == 2 else None, lambda values: float(sum(values)), 0.5),
}
BASES = (*MEASURES, "per_event")
SKETCHES = {
    "latest": Measure(lambda row: None if row["price"] is None else (row["at"], row["price"]), lambda of: max(of)[1]),
    "kinds": Measure(lambda row: row["units"], lambda values: len(set(values)), 0, counts=True),
    "upper": Measure(lambda row: row["units"], lambda values: sorted(values)[-(-len(values) * 9 // 10) - 1]),
    "common": Measure(lambda row: row["place"], by_hand.two_most_frequent),
}
WINDOWS: dict[str, tuple[str, Length | str]] = {
    "week": ("window: 7 days", Length(days=7)),
    "month": ("window: month", Length(months=1)),
    "hours": ("window: 36 hours", Length(time=timedelta(hours=36))),
    "minutes": ("window: 90 minutes", Length(time=timedelta(minutes=90))),
    "mixed": ("window: P1DT6H", Length(days=1, time=timedelta(hours=6))),
    "long": ("window: 40 days", Length(days=40)),
    "dtd": ("to_date: day", "day"),
    "wtd": ("to_date: week", "week"),
    "mtd": ("to_date: month", "month"),
    "qtd": ("to_date: quarter", "quarter"),
    "all": ("", "all"),
}
AGAINST = {
    "week": ("7 days", Length(days=7)),
    "month": ("month", Length(months=1)),
    "day": ("1 day", Length(days=1)),
    "hours": ("36 hours", Length(time=timedelta(hours=36))),
    "mixed": ("P1M1DT1H", Length(months=1, days=1, time=timedelta(hours=1))),
    "year": ("1 year", Length(months=12)),
}
COMPARISONS = ("percent", "difference", "ratio")
METRICS: dict[str, tuple[str, Any]] = {base: ("", (base,)) for base in (*BASES, *SKETCHES)}
for base in (*BASES, *SKETCHES):
    for window, (text, _) in WINDOWS.items():
        METRICS[f"{base}_over_{window}"] = (f"{{cumulative: {base}{text and ', ' + text}}}", (base, window))
for name, (_, spec) in [(name, of) for name, of in METRICS.items() if of[1][0] in BASES]:
    for number, (against, (text, _)) in enumerate(AGAINST.items()):
        comparison = COMPARISONS[(len(METRICS) + number) % 3]
        METRICS[f"{name}_vs_{against}"] = (
            f"{{change: {name}, against: {text}, as: {comparison}}}",
            (*spec, against, comparison),
        )
METRICS["units_twice"] = (
    "{change: units_over_week_vs_month, against: week, as: difference}",
    ("units", "week", "month", COMPARISONS[0], "week", "difference"),
)
WRITTEN = "\n".join(f"  {name}: {text}" for name, (text, _) in METRICS.items() if text)

MOMENTS = st.one_of(
    st.datetimes(datetime(2024, 2, 10), datetime(2024, 4, 20)),
    st.datetimes(datetime(2024, 4, 6, 10), datetime(2024, 4, 7, 17)),
    st.datetimes(datetime(2024, 3, 10, 3), datetime(2024, 3, 10, 12)),
    st.sampled_from([datetime(2024, 3, 31, 1), datetime(2024, 3, 1), datetime(2024, 2, 29, 23, 59, 59, 999999)]),
).map(lambda moment: moment.replace(tzinfo=UTC))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "at": MOMENTS,
            "place": st.sampled_from(["a", "b", None]),
            "kind": st.sampled_from([1, 2]),
            "units": st.none() | st.integers(-1000, 1000),
            "price": st.none() | st.decimals(-1000, 1000, places=2),
            "weight": st.none() | st.floats(-1e6, 1e6),
        }
    ),
    min_size=1,
    max_size=60,
)
TIMES = [
    (None, None),
    ("2024-03-01", "2024-04-03"),
    ("2024-03-29", "2024-04-02"),
    ("2024-03-09T13:00", "2024-03-12"),
    ("2024-04-06", "2024-04-08T05:00"),
    ("2024-02-29", "2024-03-01"),
    ("2024-05", "2024-07"),
    ("2024-01", "2024-02-12"),
]
QUERIES = st.builds(
    lambda names, by, grain, zone, where, span: MetricQuery(
        metrics=tuple(names), by=by, grain=grain, zone=zone, where=where, start=span[0], end=span[1]
    ),
    st.lists(st.sampled_from(list(METRICS)), min_size=1, max_size=4, unique=True),
    st.sampled_from([(), ("place",), ("kind", "place")]),
    st.sampled_from([None, "hour", "6 hours", "day", "day", "week", "month", "quarter"]).map(
        lambda grain: Grain.parse(grain) if grain else None
    ),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Beirut"]),
    st.sampled_from([None, None, "kind = 1", "place = 'nobody'"]),
    st.sampled_from(TIMES),
)


@contextmanager
def project(rows: Sequence[Row], week: str) -> Iterator[Lapwing]:
    schema = pa.schema(
        [
            *(("at", pa.timestamp("us", tz="UTC")), ("place", pa.string()), ("kind", pa.int32())),
            *(("units", pa.int32()), ("price", pa.decimal128(9, 2)), ("weight", pa.float64())),
        ]
    )
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "datasets").mkdir()
        (root / "data").mkdir()
        (root / "lapwing.yaml").write_text(PROJECT.format(week=week))
        (root / "datasets" / "events.yaml").write_text(DATASET % WRITTEN)
        pq.write_table(pa.Table.from_pylist(list(rows), schema), root / "data" / "events.parquet")
        with Lapwing.open(root) as lapwing:
            lapwing.cache.build()
            yield lapwing


def in_time(moment: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)


def kept(row: Row, where: str | None) -> bool:
    return where is None or (where == "kind = 1" and row["kind"] == 1)


class ByHand:
    """What an answer should be."""

    def __init__(self, rows: Sequence[Row], query: MetricQuery, answer: Answer, week_start: int) -> None:
        receipt = answer.receipt
        assert receipt.start
        assert receipt.end
        start, end = (calendar.to_us(datetime.fromisoformat(text)) for text in (receipt.start, receipt.end))
        edges = [start, end]
        if query.grain:
            edges = calendar.edges(query.grain, str(query.zone), start, end, week_start).tolist()
            edges[0], edges[-1] = start, end
        moments = [in_time(edge) for edge in edges]
        unit = str(query.grain.unit) if query.grain else ""
        self.asked = Asked(list(pairwise(moments)), ZoneInfo(str(query.zone)), unit, week_start)
        last = calendar.to_us(max(row["at"] for row in rows)) // (900 * 10**6) * (900 * 10**6) + 900 * 10**6
        self.data = Data(rows, in_time(last), in_time(last))
        self.query = query
        self.rows = [row for row in rows if kept(row, query.where)]

    def groups(self) -> list[tuple[Any, ...]]:
        if not self.query.by:
            return [()]
        found = {
            tuple(row[name] for name in self.query.by)
            for row in self.rows
            if any(
                start <= row["at"] < end
                for name in self.query.metrics
                for time in self.times(METRICS[name][1])
                for start, end, _ in (time.of(*bucket, self.asked, self.data) for bucket in self.asked.buckets)
            )
        }
        return sorted(found, key=lambda group: [(value is None, value or "") for value in group])

    def times(self, spec: tuple[str, ...]) -> list[Time]:
        """All times that a metric looks at."""
        _, window, steps = self.parts(spec)
        found = [Time((), window)]
        for against, _ in reversed(steps):
            found = [*found, *(Time((AGAINST[against][1], *time.back), time.window) for time in found)]
        return found

    @staticmethod
    def parts(spec: tuple[str, ...]) -> tuple[str, Length | str | None, list[tuple[str, str]]]:
        """The base, its window, and the changes, the last one first."""
        base, *rest = spec
        window = WINDOWS[rest.pop(0)][1] if len(rest) % 2 else None
        steps = list(zip(rest[::2], rest[1::2], strict=True))
        return base, window, steps[::-1]

    def value(self, name: str, group: tuple[Any, ...], bucket: tuple[datetime, datetime]) -> Any:
        base, window, steps = self.parts(METRICS[name][1])
        rows = [row for row in self.rows if tuple(row[name] for name in self.query.by) == group]

        def at(level: int, back: tuple[Length, ...]) -> Any:
            if level < len(steps):
                against, comparison = steps[level]
                then = at(level + 1, (*back, AGAINST[against][1]))
                return by_hand.compared(at(level + 1, back), then, comparison)
            start, end, there = Time(back, window).of(*bucket, self.asked, self.data)
            if not there:
                return None
            if base == "per_event":
                return by_hand.divided(
                    *(by_hand.value(MEASURES[m], rows, start, end, self.data) for m in ("units", "events"))
                )
            return by_hand.value({**MEASURES, **SKETCHES}[base], rows, start, end, self.data)

        return at(0, ())

    def table(self) -> list[list[Any]]:
        return [
            [*group, *(self.value(name, group, bucket) for name in self.query.metrics)]
            for group in self.groups()
            for bucket in self.asked.buckets
        ]


def alike(name: str, one: Any, other: Any) -> bool:
    """Distinct values may be one in ten off where they are few, quantiles by one in 129."""
    if one is None or other is None or not name.startswith(("kinds", "upper")):
        return by_hand.alike(one, other)
    return bool(abs(one - other) <= (max(0.1 * other, 1) if name.startswith("kinds") else abs(other) / 129 + 1e-9))


def check(lapwing: Lapwing, rows: Sequence[Row], query: MetricQuery, week_start: int) -> None:
    cached = lapwing.answer(query)
    direct = lapwing.answer(replace(query, wishes=Wishes(cache=False)))
    assert {piece.by for piece in direct.receipt.pieces} == {"source"}
    assert cached.table.equals(direct.table)
    assert (cached.receipt.notes, cached.receipt.missing) == (direct.receipt.notes[1:], direct.receipt.missing)
    columns = [*query.by, *query.metrics]
    found = [list(row.values()) for row in cached.table.select(columns).to_pylist()]
    expected = ByHand(rows, query, cached, week_start).table()
    assert len(found) == len(expected)
    wrong = [
        (one, other) for one, other in zip(found, expected, strict=True) if not all(map(alike, columns, one, other))
    ]
    assert wrong == [], query


# An example takes seconds, so to shrink one that fails would take many minutes.
CASES = settings(derandomize=True, phases=(Phase.explicit, Phase.generate))


def examine(rows: list[Row], queries: list[MetricQuery], week: str) -> None:
    with project(rows, week) as lapwing:
        for query in queries:
            check(lapwing, rows, query, ("monday", "sunday").index(week) * 6)


@settings(CASES, max_examples=2)
@given(rows=ROWS, queries=st.lists(QUERIES, min_size=40, max_size=40), week=st.sampled_from(["monday", "sunday"]))
def test_they_equal_what_is_reckoned_by_hand(rows: list[Row], queries: list[MetricQuery], week: str) -> None:
    examine(rows, queries, week)


@pytest.mark.long
@settings(CASES, max_examples=40)
@given(rows=ROWS, queries=st.lists(QUERIES, min_size=60, max_size=60), week=st.sampled_from(["monday", "sunday"]))
def test_thousands_of_them(rows: list[Row], queries: list[MetricQuery], week: str) -> None:
    examine(rows, queries, week)
