"""The source builds what the engine builds: the same batches, bit by bit but for sums of doubles."""

from __future__ import annotations

import random
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from tests.cache import faults
from tests.sources.bigquery_emulator import bigquery_tables
from tests.sources.worlds import clickhouse_client, clickhouse_constant, mariadb_connection, mariadb_database

from lapwing.cache import audit as auditing
from lapwing.cache.audit import Budget
from lapwing.cache.builders import builder_of
from lapwing.cache.builders.base import WritingBuilder
from lapwing.cache.cells import whole_groups
from lapwing.cache.definition import Definition, define
from lapwing.cache.look import Outcome
from lapwing.query.service import Lapwing

DAY = 86_400_000_000
YEAR = [1356998400000000 + day * DAY for day in (0, 31, 59, 90, 200, 366)]
ROUNDED = ("rest", "mean", "m2")


def cells(lapwing: Lapwing, definition: Definition, builder: str, borders: Sequence[int]) -> list[Any]:
    """All that a builder gives, in order: partition, dimensions, buckets, states."""
    chosen = builder_of(builder, lapwing.sql, lapwing.cache._store, lapwing.project.beam, lapwing.project.spark)
    assert not isinstance(chosen, WritingBuilder)
    made = chosen.batches(definition, borders, threading.Event())
    found: dict[int, list[pa.RecordBatch]] = {}
    for number, batch in made:
        found.setdefault(number, []).append(batch)
    return [(number, one) for number, batches in found.items() for one in whole_groups(definition, batches)]


def assert_same(mine: list[Any], theirs: list[Any]) -> int:
    """They hold the same; how many rows."""
    assert [number for number, _ in mine] == [number for number, _ in theirs]
    for (_, one), (_, other) in zip(mine, theirs, strict=True):
        assert one.dimensions.equals(other.dimensions)
        assert one.bucket.tolist() == other.bucket.tolist()
        assert one.states.keys() == other.states.keys()
        for measure, columns in one.states.items():
            for suffix, array in columns.items():
                if suffix in ROUNDED:
                    assert other.states[measure][suffix] == pytest.approx(array, rel=1e-9, abs=1e-9)
                else:
                    assert other.states[measure][suffix].tobytes() == array.tobytes(), (measure, suffix)
    return sum(len(one.bucket) for _, one in mine)


@pytest.mark.parametrize("rollup", ["main", "by_hour", "total"])
def test_the_flights_of_postgres_give_the_same_states(flights_postgres: Lapwing, rollup: str) -> None:
    bound = flights_postgres.sql.bind(flights_postgres.project.datasets["flights"])
    definition = define(bound, bound.dataset.rollups[rollup], flights_postgres.project.timezone)
    mine, theirs = (cells(flights_postgres, definition, name, YEAR) for name in ("duckdb", "source"))
    assert assert_same(mine, theirs) > 5000


PROJECT = """name: shop
timezone: Europe/Berlin
sources:
  there: {SOURCE}
  files: {type: files, path: data}
store: {type: memory}
"""
DATASET = """dataset: sales
table: there.sales
time: {column: sold, timezone: Europe/Berlin}
joins:
  towns: {table: TOWNS, on: town, many_to_one: true}
dimensions:
  shop: {}
  country: {column: towns.country}
  large: {sql: "amount > 20 and shop is not null"}
measures:
  sales: {count: "*"}
  amount: {sum: "greatest(amount, 0)"}
  spread: {variance: amount, where: "towns.country = 'DE' or amount between 2 and 30"}
  ratio: {sum: ratio}
  latest: {max: sold}
  first_note: {min: note}
EXTRA
rollups:
  main: {grain: hour, dimensions: [shop, country, large], partition: month}
"""
SKETCHES = """  people: {distinct: person}
  middle: {quantile: ratio, q: 0.5}
  notes: {top: note, k: 2}
  last_note: {last: note}
  if_any: {sum: "case when ratio > 0.5 then amount * 2 - 1 else coalesce(amount, 0) end"}"""


def sales() -> pa.Table:
    chance = random.Random(5)
    rows = 3000
    start = datetime(2024, 3, 30, 20)
    notes = [None, "", "a", "a ", "A", "é", "e\u0301", "it's"]
    return pa.table(
        {
            "sold": pa.array([start + timedelta(seconds=701 * i) for i in range(rows)], pa.timestamp("us")),
            "shop": pa.array([chance.choice(["one", "ONE", "two", None]) for _ in range(rows)]),
            "town": pa.array([chance.choice(["Bonn", "Wien", "Ulm", "Bern"]) for _ in range(rows)]),
            "amount": pa.array([chance.choice([None, chance.randrange(-9, 40)]) for _ in range(rows)], pa.int64()),
            "ratio": pa.array(
                [chance.choice([None, chance.random() * 10 ** chance.randrange(-9, 9)]) for _ in range(rows)]
            ),
            "person": pa.array([chance.randrange(900) for _ in range(rows)], pa.int64()),
            "note": pa.array([chance.choice(notes) for _ in range(rows)]),
        }
    )


def towns() -> pa.Table:
    return pa.table(dict(zip(("town", "country"), map(list, zip(*TOWNS, strict=True)), strict=True)))


TOWNS = [("Bonn", "DE"), ("Ulm", "DE"), ("Wien", "AT")]


def write(folder: Path, source: str, extra: str = "", towns: str = "there.towns") -> Path:
    (folder / "datasets").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "data" / "towns.csv").write_text("town,country\n" + "".join(f"{t},{c}\n" for t, c in TOWNS))
    (folder / "lapwing.yaml").write_text(PROJECT.replace("{SOURCE}", source))
    (folder / "datasets" / "sales.yaml").write_text(
        DATASET.replace("EXTRA\n", extra + "\n" if extra else "").replace("TOWNS", towns)
    )
    return folder


@pytest.fixture
def there(postgres_dsn: str) -> Iterator[str]:
    """The sales in a schema of PostgreSQL, as a source in YAML."""
    schema = f"sales_{uuid.uuid4().hex[:8]}"
    kinds = {"sold": "timestamp", "amount": "integer", "ratio": "double precision", "person": "bigint"}
    table = sales()
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(f"create schema {schema}".encode())
        columns = ", ".join(f"{name} {kinds.get(name, 'text')}" for name in table.column_names)
        server.execute(f"create table {schema}.sales ({columns})".encode())
        server.execute(f"create table {schema}.towns (town text, country text)".encode())
        with server.cursor() as cursor:
            places = ", ".join(["%s"] * table.num_columns)
            rows = [tuple(row.values()) for row in table.to_pylist()]
            cursor.executemany(f"insert into {schema}.sales values ({places})".encode(), rows)
            cursor.executemany(f"insert into {schema}.towns values (%s, %s)".encode(), TOWNS)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SALES_DSN", postgres_dsn)
            yield f"{{type: postgres, dsn: '${{SALES_DSN}}', schemas: [{schema}]}}"
        server.execute(f"drop schema {schema} cascade".encode())


MONTHS = [1709247600000000, 1711922400000000, 1714514400000000]


def compared(folder: Path) -> int:
    """How many cells both builders give alike."""
    with Lapwing.open(folder) as lapwing:
        bound = lapwing.sql.bind(lapwing.project.datasets["sales"])
        definition = define(bound, bound.dataset.rollups["main"], lapwing.project.timezone)
        mine, theirs = (cells(lapwing, definition, name, MONTHS) for name in ("duckdb", "source"))
        return assert_same(mine, theirs)


def test_sketches_of_postgres(there: str, tmp_path: Path) -> None:
    assert compared(write(tmp_path / "p", there, SKETCHES)) > 1000


def test_sketches_of_mariadb(mariadb_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = mariadb_database(mariadb_dsn)
    kinds = {"sold": "datetime", "amount": "integer", "ratio": "double", "person": "bigint"}
    table = sales()
    with mariadb_connection(own) as server, server.cursor() as cursor:
        text = "text collate utf8mb4_general_ci"
        cursor.execute(f"create table sales ({', '.join(f'{n} {kinds.get(n, text)}' for n in table.column_names)})")
        cursor.execute(f"create table towns (town {text}, country {text})")
        rows = [tuple(row.values()) for row in table.to_pylist()]
        cursor.executemany(f"insert into sales values ({', '.join(['%s'] * table.num_columns)})", rows)
        cursor.executemany("insert into towns values (%s, %s)", TOWNS)
    monkeypatch.setenv("SALES_DSN", own)
    sketches = "\n".join(line for line in SKETCHES.splitlines() if "last_note" not in line)
    folder = write(tmp_path / "p", "{type: mariadb, dsn: '${SALES_DSN}'}", sketches)
    assert compared(folder) > 1000


def test_sketches_of_clickhouse(clickhouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is a wall clock elsewhere is a moment there."""
    client, database = clickhouse_client(clickhouse_dsn), f"sales_{uuid.uuid4().hex[:8]}"
    kinds = {
        "sold": "DateTime64(6, 'UTC')",
        "amount": "Nullable(Int32)",
        "ratio": "Nullable(Float64)",
        "person": "Int64",
    }
    client.command(f"create database {database}")
    for name, table in (("sales", sales()), ("towns", towns())):
        columns = ", ".join(f"{one} {kinds.get(one, 'Nullable(String)')}" for one in table.column_names)
        client.command(f"create table {database}.{name} ({columns}) engine = MergeTree order by tuple()")
        rows = [f"({', '.join(map(clickhouse_constant, row.values()))})" for row in table.to_pylist()]
        client.command(f"insert into {database}.{name} values {', '.join(rows)}")
    monkeypatch.setenv("SALES_DSN", clickhouse_dsn.replace("/default", f"/{database}"))
    sketches = "\n".join(
        line for line in SKETCHES.splitlines() if "if_any" not in line
    )  # whole numbers overflow silently
    folder = write(tmp_path / "p", "{type: clickhouse, dsn: '${SALES_DSN}'}", sketches)
    dataset = folder / "datasets" / "sales.yaml"
    dataset.write_text(dataset.read_text().replace("{column: sold, timezone: Europe/Berlin}", "{column: sold}"))
    assert compared(folder) > 1000


def test_sketches_of_bigquery(bigquery_dsn: str, tmp_path: Path) -> None:
    with bigquery_tables(bigquery_dsn, {"sales": sales(), "towns": towns()}) as dataset:
        source = f"{{type: bigquery, project: {bigquery_dsn}, datasets: [{dataset}]}}"
        sketches = SKETCHES.replace("when ratio > 0.5", "when amount > 5")  # NaN is compared otherwise there
        assert compared(write(tmp_path / "p", source, sketches)) > 1000


def test_what_postgres_built_is_found_equal_until_it_changes(
    there: str, postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "_MOST_CELLS", 150)
    with Lapwing.open(write(tmp_path / "p", there, SKETCHES)) as lapwing:
        cache = lapwing.cache
        cache.build(builder="source").checked()
        audit = cache.audits.run(budget=Budget(whole=True))
        assert audit.count(Outcome.EQUAL) == len(audit.looks) > audit.partitions
        assert sum(look.cells for look in audit.looks) > 1000
        main = faults.definitions(cache, "sales")["sales.main"]
        faults.rebuild(cache, main, faults.partition(cache, main), faults.other_numbers({"people": "rank"}))
        (incident,) = cache.audits.run(budget=Budget(whole=True)).opened
        assert {one.measure for one in incident.differences} == {"people"}
        cache.build(builder="source").checked()
        assert len(cache.audits.run(budget=Budget(mended=True)).resolved) == 1
        schema = there.partition("[")[2].partition("]")[0]
        with psycopg.connect(postgres_dsn, autocommit=True) as server:
            server.execute(f"delete from {schema}.sales where sold < '2024-04-02'".encode())
        audit = cache.audits.run(budget=Budget(whole=True))
        assert audit.count(Outcome.STALE) > 0
        assert audit.opened == []


def sqlite_source(folder: Path) -> str:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "sales.db")) as db:
        db.execute(
            "create table sales (sold timestamp, shop text collate nocase, town text, amount integer, ratio real,"
            " person integer, note text)"
        )
        rows = [
            (str(row["sold"]).replace(" ", " T"[row["person"] % 2]), *list(row.values())[1:])
            for row in sales().to_pylist()
        ]
        db.executemany("insert into sales values (?, ?, ?, ?, ?, ?, ?)", rows)
        db.execute("create table towns (town text, country text)")
        db.executemany("insert into towns values (?, ?)", TOWNS)
        db.commit()
    return f"{{type: sqlite, path: '{folder / 'sales.db'}'}}"


def test_states_of_sqlite(tmp_path: Path) -> None:
    source = sqlite_source(tmp_path / "db")
    extra = "  middle: {quantile: ratio, q: 0.5}\n  notes: {top: note, k: 2}"
    text = DATASET.replace("  spread: {variance: amount", "  spread: {max: amount")
    folder = write(tmp_path / "p", source, extra)
    (folder / "datasets" / "sales.yaml").write_text(text.replace("EXTRA", extra).replace("TOWNS", "there.towns"))
    assert compared(folder) > 1000


@pytest.mark.parametrize(
    ("extra", "towns", "says"),
    [
        ("  people: {distinct: person}", "there.towns", "sqlite can't build a distinct count: it has no hash"),
        (
            "  double: {sum: amount * 2}",
            "there.towns",
            "measure double is not translated, as sqlite is not asked arithmetic",
        ),
        ('  day: {count: "*", where: "upper(note) = \'A\'"}', "there.towns", "measure day is not translated"),
        ("", "files.towns", "its rows come from files, there, and one source must hold them all"),
    ],
)
def test_what_the_source_might_answer_otherwise_is_refused(tmp_path: Path, extra: str, towns: str, says: str) -> None:
    folder = write(tmp_path / "p", sqlite_source(tmp_path / "db"), extra, towns)
    text = (
        (folder / "datasets" / "sales.yaml")
        .read_text()
        .replace("  spread: {variance: amount", "  spread: {max: amount")
    )
    (folder / "datasets" / "sales.yaml").write_text(text)
    with Lapwing.open(folder) as lapwing:
        report = lapwing.cache.build(builder="source")
        assert not report.rollups or all(one.built == 0 for one in report.rollups)
        (failed,) = report.failed
        assert says in failed.problems[0].message
        assert "--builder duckdb" in (failed.problems[0].hint or "")
        assert not lapwing.cache.build(builder="duckdb").failed
