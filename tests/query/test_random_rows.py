"""Random rows in every shape that a dataset may have: what a rollup answers is what the source answers, also after late
rows came, rows went, and none are left."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

PROJECT = "name: random\nnow: 2024-06-01\ntimezone: Europe/Berlin\nsources: {files: {type: files, path: data}}\n"
DATASET = """
dataset: events
table: files.events
time: %s
complete_after: 0 hours
dimensions: {place: {}, kind: {}, size: {}, good: {}, day: {}}
measures:
  events: {count: "*"}
  priced: {count: price}
  cheap: {count: "*", where: price < 1}
  units: {sum: units}
  money: {sum: price}
  weight: {sum: weight}
  least: {min: price}
  most: {max: units}
  heaviest: {max: weight}
  average: {mean: units}
  mean_price: {mean: price}
  spread: {stddev: units}
  price_spread: {variance: price}
  places_seen: {distinct: place}
  sizes_seen: {distinct: size, precision: 10}
  days_seen: {distinct: day, where: good}
  usual_weight: {quantile: weight, q: 0.5}
  high_price: {quantile: price, q: 0.9}
  last_units: {last: units}
  first_place: {first: place}
  last_weight: {last: weight, where: price is not null}
  greatest_place: {max: place}
  usual_sizes: {top: size, k: 2}
metrics:
  per_event: {ratio: money / events}
  share: {derived: cheap / priced - 0.5}
rollups:
  main: {grain: 15 minutes, dimensions: [place, kind, size, good, day], partition: month}
  places: {grain: hour, dimensions: [place], partition: month}
  sizes: {grain: 30 minutes, dimensions: [size, good], partition: month}
"""
TIMES = {
    "zoned": ("{column: at}", pa.timestamp("us", tz="UTC")),
    "naive": ("{column: at, timezone: Australia/Lord_Howe}", pa.timestamp("us")),
}
MOMENTS = st.one_of(
    st.datetimes(datetime(2024, 3, 1), datetime(2024, 5, 1)),
    st.datetimes(datetime(2024, 4, 6, 14), datetime(2024, 4, 6, 17)),
    st.sampled_from([datetime(2024, 3, 31, 1), datetime(2024, 4, 1), datetime(2024, 2, 29, 23, 59, 59, 999999)]),
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "at": MOMENTS,
            "place": st.sampled_from(["", "a", "A", "b'c", "ü", "\0x", None]),
            "kind": st.sampled_from([0.0, -0.0, 1.5, float("nan"), None]),
            "size": st.sampled_from([-(2**63), -1, 0, 2**63 - 1, None]),
            "good": st.sampled_from([True, False, None]),
            "day": st.sampled_from([datetime(2024, 3, 31).date(), datetime(1, 1, 1).date(), None]),
            "units": st.none() | st.integers(-(2**31), 2**31 - 1),
            "price": st.none() | st.decimals(-1000, 1000, places=2),
            "weight": st.none()
            | st.floats(-1e15, 1e15)
            | st.sampled_from([float("nan"), float("inf"), -float("inf"), 1e300]),
        }
    ),
    max_size=25,
)
METRICS = (
    *("events", "priced", "cheap", "units", "money", "weight", "least", "most", "heaviest", "average", "mean_price"),
    *("spread", "price_spread", "per_event", "share", "places_seen", "sizes_seen", "days_seen", "usual_weight"),
    *("high_price", "last_units", "first_place", "last_weight", "greatest_place", "usual_sizes"),
)
DIMENSIONS = ("place", "kind", "size", "good", "day")
GRAINS = (None, "day", "week", "month", "quarter", "year")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
FILTERS = (None, "place = 'a'", "good", "size < 0 or size is null", "kind > 1", "day < '2000-01-01'")
STARTS = (None, "2024-03-31", "2024-04", "2024-04-06T15:30")


def drawn(chance: random.Random) -> MetricQuery:
    """Any question."""
    grain = chance.choice(GRAINS)
    return MetricQuery(
        metrics=tuple(chance.sample(METRICS, chance.randint(1, 5))),
        by=tuple(chance.sample(DIMENSIONS, chance.randint(0, 3))),
        grain=Grain.parse(grain) if grain else None,
        zone=chance.choice(ZONES),
        where=chance.choice(FILTERS),
        start=chance.choice(STARTS),
    )


QUERIES = st.integers(0, 2**32).map(lambda seed: drawn(random.Random(seed)))


def write(root: Path, number: int, rows: list[dict[str, object]], time: str) -> None:
    schema = pa.schema(
        [
            ("at", TIMES[time][1]),
            *(("place", pa.string()), ("kind", pa.float64()), ("size", pa.int64()), ("good", pa.bool_())),
            *(("day", pa.date32()), ("units", pa.int32()), ("price", pa.decimal128(9, 2)), ("weight", pa.float64())),
        ]
    )
    zoned = [{**row, "at": row["at"].replace(tzinfo=UTC)} for row in rows] if time == "zoned" else rows  # type: ignore[attr-defined]
    pq.write_table(pa.Table.from_pylist(zoned, schema), root / "data" / "events" / f"{number}.parquet")


def alike(left: object, right: object) -> bool:
    """Equal, and both NaN if one is."""
    return left == right or (left != left and right != right)


def compare(lapwing: Lapwing, query: MetricQuery) -> None:
    cached = lapwing.answer(query)
    direct = lapwing.answer(replace(query, wishes=Wishes(cache=False)))
    assert {piece.by for piece in direct.receipt.pieces} == {"source"}
    assert cached.table.schema == direct.table.schema
    assert cached.receipt.missing == direct.receipt.missing
    assert cached.table.num_rows == direct.table.num_rows
    for name in cached.table.column_names:
        pairs = zip(cached.table.column(name).to_pylist(), direct.table.column(name).to_pylist(), strict=True)
        assert [pair for pair in pairs if not alike(*pair)] == [], name


# An example takes seconds, so to shrink one that fails would take many minutes.
WITHOUT_SHRINKING = (Phase.explicit, Phase.generate)


def check(time: str, first: list[dict[str, object]], late: list[dict[str, object]], queries: list[MetricQuery]) -> None:
    """A third of the queries each: after the first build, after late rows, after the first rows have gone."""
    third = len(queries) // 3
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "datasets").mkdir()
        (root / "data" / "events").mkdir(parents=True)
        (root / "lapwing.yaml").write_text(PROJECT)
        (root / "datasets" / "events.yaml").write_text(DATASET % TIMES[time][0])
        write(root, 0, first, time)
        with Lapwing.open(root) as lapwing:
            lapwing.cache.build().checked()
            for query in queries[:third]:
                compare(lapwing, query)
            write(root, 1, late, time)
            lapwing.cache.build().checked()
            for query in queries[third : 2 * third]:
                compare(lapwing, query)
            write(root, 0, [], time)
            lapwing.cache.build().checked()
            for query in queries[2 * third :]:
                compare(lapwing, query)
            assert all(not status.stale for status in lapwing.cache.status())


@pytest.mark.parametrize("time", TIMES)
@settings(max_examples=2, derandomize=True, phases=WITHOUT_SHRINKING)
@given(first=ROWS, late=ROWS, queries=st.lists(QUERIES, min_size=9, max_size=9))
def test_rollups_and_the_source_agree(
    time: str, first: list[dict[str, object]], late: list[dict[str, object]], queries: list[MetricQuery]
) -> None:
    check(time, first, late, queries)


@pytest.mark.long
@pytest.mark.parametrize("time", TIMES)
@settings(max_examples=8, phases=WITHOUT_SHRINKING)
@given(first=ROWS, late=ROWS, seed=st.integers(0, 2**32))
def test_thousands_of_questions(
    time: str, first: list[dict[str, object]], late: list[dict[str, object]], seed: int
) -> None:
    chance = random.Random(seed)
    check(time, first, late, [drawn(chance) for _ in range(150)])
