"""Random SELECTs over metrics give what plain DuckDB makes of the rows themselves, from rollups and from the source."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.query.metric_statements import DATASET, Generator, Statement

from lapwing.model.problem import LapwingError
from lapwing.query.ask import SqlQuery, Wishes
from lapwing.query.service import Lapwing

PROJECT = """
name: random
now: 2024-06-01
timezone: Europe/Berlin
sources:
  files: {type: files, path: data}
  own: {type: sqlite, path: raw.db}
"""
NAIVE = "Australia/Lord_Howe"
TIMES = {"zoned": "{column: moment}", "naive": f"{{column: moment, timezone: {NAIVE}}}"}
CHANGES = (datetime(2024, 3, 10, 7), datetime(2024, 3, 31, 1), datetime(2024, 4, 6, 15), datetime(2024, 4, 1))
"""Moments at which clocks are changed somewhere, and a month begins."""


@dataclass(frozen=True)
class World:
    lapwing: Lapwing
    truth: duckdb.DuckDBPyConnection


def events(chance: random.Random, count: int) -> pa.Table:
    rows = []
    for _ in range(count):
        around = chance.choice(CHANGES) if chance.random() < 0.5 else datetime(2024, 3, 20)
        spread = 6 if chance.random() < 0.5 else 20 * 24
        minutes = chance.choice((0, 15, 30, 30.5, 45, 59.999)) + 60 * chance.randint(-spread, spread)
        rows.append(
            {
                "moment": (around + timedelta(minutes=minutes)).replace(tzinfo=UTC),
                "place": chance.choice(["", "a", "A", "B", "ab", "b'c", "ü", None]),
                "kind": chance.choice([0, 1, 2, 3, None]),
                "good": chance.choice([True, False, None]),
                "units": chance.choice([None, *range(-9, 10), 1_000_000]),
                "price": None if chance.random() < 0.2 else Decimal(chance.randint(-300, 900)).scaleb(-2),
            }
        )
    types = [pa.timestamp("us", tz="UTC"), pa.string(), pa.int64(), pa.bool_(), pa.int32(), pa.decimal128(9, 2)]
    return pa.Table.from_pylist(rows, pa.schema(list(zip(rows[0], types, strict=True))))


@pytest.fixture(scope="module", params=TIMES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root: Path = tmp_path_factory.mktemp("random")
    (root / "datasets").mkdir()
    (root / "data" / "events").mkdir(parents=True)
    (root / "lapwing.yaml").write_text(PROJECT)
    (root / "datasets" / "events.yaml").write_text(DATASET % TIMES[request.param])
    truth = duckdb.connect()
    rows = events(random.Random(request.param), 150)
    if request.param == "naive":
        local = [one.astimezone(ZoneInfo(NAIVE)).replace(tzinfo=None) for one in rows["moment"].to_pylist()]
        kept = rows.set_column(0, "moment", pa.array(local, pa.timestamp("us")))
        # An hour that clocks show twice is the first of both.
        moments = [one.replace(tzinfo=ZoneInfo(NAIVE), fold=0).astimezone(UTC) for one in local]
        rows = kept.rename_columns({"moment": "shown"})
        rows = rows.append_column("moment", pa.array(moments, pa.timestamp("us", tz="UTC")))
    else:
        kept, rows = rows, rows.append_column("shown", rows["moment"])
    pq.write_table(kept, root / "data" / "events" / "0.parquet")
    truth.register("given", rows)
    small = [
        "create table kinds (id integer primary key, name text)",
        "insert into kinds values (0, 'none'), (1, 'one'), (2, null), (3, 'three'), (9, 'nine')",
        "create table raw (id integer, name text)",
        "insert into raw values (1, 'a'), (2, 'ü'), (3, null), (3, 'B'), (null, 'ab'), (5, 'z')",
    ]
    lite = sqlite3.connect(root / "raw.db")
    for text in small:
        lite.execute(text)
        truth.execute(text.replace("integer primary key", "integer")).fetchall()
    truth.execute(
        "create table events as select e.*, k.name as kind_name, e.kind < 2 as small "
        "from given e left join kinds k on e.kind = k.id"
    ).fetchall()
    lite.commit()
    lite.close()
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()
        yield World(lapwing, truth)
    truth.close()


def told(value: object) -> str:
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, date | str | bool) or value is None:
        return str(value)
    return f"{float(value) + 0.0:.9g}"  # type: ignore[arg-type]


def rows(table: pa.Table) -> list[tuple[str, ...]]:
    return [tuple(map(told, row)) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]


def differs(world: World, asked: Statement, *, cache: bool) -> str | None:
    """None where the answers are the same, else how they differ."""
    world.truth.execute(f"set TimeZone = '{asked.zone}'").fetchall()
    wanted = rows(world.truth.sql(asked.rows).to_arrow_table())
    text = asked.metrics.replace("from raw", "from own.raw").replace("join raw", "join own.raw")
    try:
        answer = world.lapwing.run_sql(SqlQuery(text=text, zone=asked.zone, wishes=Wishes(cache=cache)))
        got = rows(answer.table())
    except LapwingError as error:
        return f"refused: {error}"
    more, fewer = Counter(got) - Counter(wanted), Counter(wanted) - Counter(got)
    if asked.limit is not None:
        right = not more and len(got) == min(asked.limit, len(wanted))
    else:
        right = got == wanted if asked.ordered else not more and not fewer
    return None if right else f"got {len(got)} rows {list(more)[:4]}\nnot {len(wanted)} {list(fewer)[:4]}"


def run(world: World, seed: int, count: int) -> None:
    generator = Generator(seed)
    for number in range(count):
        asked = generator.statement()
        told = f"seed {seed}, statement {number}, in {asked.zone}:\n{asked.metrics}\n{asked.rows}"
        try:
            how = differs(world, asked, cache=number % 2 == 0)
        except BaseException as error:  # also what breaks a run off says where it was
            error.add_note(told)
            raise
        if how is not None:
            pytest.fail(f"{told}\n{how}", pytrace=False)


def test_statements_over_metrics(world: World) -> None:
    run(world, 2013, 30)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_many_statements_over_metrics(world: World, seed: int) -> None:
    run(world, seed, 500)
