"""The example's statement over three kinds of sources, against plain DuckDB; and with PostgreSQL among them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

STATEMENT = """
select a.name, count(*) n, avg(w.temp) t from files.flights f join airline.airlines a using (carrier)
left join weather.weather w on w.origin=f.origin and w.time_hour=f.time_hour group by 1 order by 2 desc limit 5
"""
MORE = [
    """select p.manufacturer, count(*) n, sum(f.distance) d from files.flights f join weather.planes p using (tailnum)
       group by all order by all limit 20""",
    """select f.dest, h.name, max(f.arr_delay) m from files.flights f left join airline.airports h on h.faa = f.dest
       where f.origin = 'JFK' and f.scheduled >= '2013-02-08' and f.scheduled < '2013-02-10'
       group by all order by all""",
    """select count(*) from files.flights where dep_time is null and carrier in (select carrier from airline.airlines
       where name like '%Air Lines%')""",
    "select f.* from files.flights f where f.tailnum = 'N14228' order by scheduled, flight limit 7",
    """select h.tzone, count(distinct f.dest) n from files.flights f full join airline.airports h on f.dest = h.faa
       group by all order by all""",
]


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    """Means of floats, added up in another order, may differ in their last digits."""
    columns = ([round(cell, 9) if isinstance(cell, float) else cell for cell in column.to_pylist()] for column in table)
    return list(zip(*columns, strict=True))


@pytest.fixture(scope="module")
def plain(flights_project: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same tables under the same names in one DuckDB."""
    data = flights_project / "data"
    with duckdb.connect() as engine, sqlite3.connect(data / "airline.db") as db:
        engine.execute("create schema files; create schema airline").fetchall()
        engine.execute(f"create view files.flights as from '{data}/flights/*.parquet'").fetchall()
        engine.execute(f"attach '{data}/weather.duckdb' as weather (read_only)").fetchall()
        for table, columns in {
            "airlines": "carrier varchar, name varchar",
            "airports": "faa varchar, name varchar, lat double, lon double, alt bigint, tzone varchar",
        }.items():
            lists = [list(column) for column in zip(*db.execute(f"select * from {table}"), strict=True)]
            engine.execute(f"create table airline.{table} ({columns})").fetchall()
            engine.execute(f"insert into airline.{table} select {', '.join(['unnest(?)'] * len(lists))}", lists)
        engine.execute("set TimeZone = 'America/New_York'").fetchall()
        yield engine
    db.close()


@pytest.mark.parametrize("text", [STATEMENT, *MORE])
def test_it_equals_plain_duckdb(flights: Lapwing, plain: duckdb.DuckDBPyConnection, text: str) -> None:
    answer = flights.sql.table(text)
    wanted = plain.sql(text).to_arrow_table()
    assert answer.num_rows > 0
    assert rows(answer) == rows(wanted)
    assert answer.schema == wanted.schema


@pytest.mark.parametrize("text", [STATEMENT, *MORE])
@pytest.mark.parametrize("place", ["files", "airline"])
def test_it_equals_plain_duckdb_over_postgres(
    flights_postgres: Lapwing, plain: duckdb.DuckDBPyConnection, text: str, place: str
) -> None:
    """Airlines and airports in PostgreSQL, then the flights there, too."""
    answer = flights_postgres.sql.table(text.replace("files.flights", f"{place}.flights"))
    assert rows(answer) == rows(plain.sql(text).to_arrow_table())


def test_metrics_are_the_same_over_postgres(flights: Lapwing, flights_postgres: Lapwing) -> None:
    """Rollups over files answer here, PostgreSQL there."""
    metrics = ("flights", "cancelled", "cancel_rate", "delay", "avg_delay", "worst_delay", "delay_per_departure")
    for by, where, zone in ((("airline",), None, "America/New_York"), (("origin",), "dest = 'LAX'", "Asia/Kolkata")):
        query = MetricQuery(metrics=metrics, by=by, where=where, zone=zone, grain=Grain.parse("month"))
        there = flights_postgres.answer(query)
        assert [piece.by for piece in there.receipt.pieces] == ["source"]
        assert there.table.equals(flights.answer(query).table)
    direct = MetricQuery(metrics=("flights",), wishes=Wishes(cache=False))
    assert flights_postgres.answer(direct).table["flights"].to_pylist() == [336_776]
