"""Types of PostgreSQL that the engine has, too: intervals, times of day, and dates that are infinite; against plain DuckDB."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import psycopg
import pyarrow as pa
import pytest
from tests.sources.worlds import database
from tests.sql.conftest import service

from lapwing.model.problem import WrongUse
from lapwing.model.project import SourceConfig
from lapwing.sql.service import SqlService

LENGTHS = ("-1 mons 2 days -00:00:01.5", "1 year 2 mons 3 days 04:05:06.789", "1 mon", "30 days", "-3 days", "00:00:00")
DATES = ("infinity", "-infinity", "2024-01-01", "2024-02-29", "0044-03-15 (BC)")
MOMENTS = ("infinity", "-infinity", "2024-01-01 00:00:00", "1969-12-31 23:59:59.999999")
ROWS = 6_000
"""So many that groups are made by the source."""


@pytest.fixture(scope="module")
def pg(tmp_path_factory: pytest.TempPathFactory, postgres_dsn: str) -> Iterator[SqlService]:
    dsn = f"{database(postgres_dsn)}?options=-ctimezone%3DUTC"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t (id int, iv interval, tod time, d date, t timestamp, z timestamptz)")
        with connection.cursor().copy("copy t from stdin") as copy:
            for row in rows():
                copy.write_row([*row[:3], row[3].replace("(BC)", "BC"), row[4], row[5]])
        connection.execute("analyze t")
        connection.execute('create table cases ("ID" int, id int, other text)')
        connection.execute("insert into cases values (1, 2, 'three')")
    yield from service(tmp_path_factory.mktemp("pg"), {"pg": SourceConfig(name="pg", type="postgres", dsn=dsn)})


@pytest.fixture(scope="module")
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as plain:
        plain.execute("set timezone = 'UTC'").fetchall()
        plain.execute("create schema pg").fetchall()
        plain.execute(
            "create table pg.t (id int, iv interval, tod time, d date, t timestamp, z timestamptz)"
        ).fetchall()
        texts = pa.table({f"c{n}": [str(row[n]) for row in rows()] for n in range(6)})
        plain.register("texts", texts)
        plain.execute("insert into pg.t select * from texts").fetchall()
        yield plain


def rows() -> Iterator[tuple[int, str, str, str, str, str]]:
    for n in range(ROWS):
        moment = MOMENTS[n % len(MOMENTS)]
        yield n, LENGTHS[n % len(LENGTHS)], f"{n % 24:02}:{n % 60:02}:00", DATES[n % len(DATES)], moment, moment


@pytest.mark.parametrize(
    "text",
    [
        "select d::varchar as d, t::varchar as t, z::varchar as z, count(*) as n from pg.t group by all order by all",
        "select max(d)::varchar, min(d)::varchar, max(t)::varchar, min(t)::varchar, max(z)::varchar, min(z)::varchar from pg.t",
        "select d::varchar as d, count(*) as n from pg.t where d > date '2024-01-01' group by d order by d",
        "select d::varchar as d, count(*) as n from pg.t where d < date '2024-01-01' group by d order by d",
        "select isfinite(t) as f, count(*) as n from pg.t group by 1 order by 1",
        "select id from pg.t where z = 'infinity' and d = date 'infinity' order by id limit 3",
        "select t::varchar from pg.t order by t desc, id limit 2",
        "select iv, count(*) as n from pg.t group by iv order by iv",
        "select max(iv), min(iv) from pg.t",
        "select id, iv from pg.t where iv > interval '1 month' order by iv desc, id limit 4",
        "select id from pg.t where iv < interval '-1 day' order by id limit 4",
        "select a.iv, count(*) as n from pg.t a join pg.t b on a.iv = b.iv where a.id < 9 and b.id < 15 group by 1 order by 1",
        "select tod, count(*) as n from pg.t where tod >= time '22:00' group by tod order by tod limit 4",
        "select max(tod), min(tod), count(distinct tod) from pg.t",
        "select id, d + tod as x from pg.t where id between 2 and 3 order by id",
        "select typeof(iv), typeof(tod) from pg.t limit 1",
    ],
)
def test_as_plain_duckdb(pg: SqlService, plain: duckdb.DuckDBPyConnection, text: str) -> None:
    assert pg.table(text).to_pylist() == plain.sql(text).to_arrow_table().to_pylist()


def test_columns_that_differ_by_letters_case_alone(pg: SqlService) -> None:
    assert pg.table("select other from pg.cases").to_pylist() == [{"other": "three"}]
    for text in ("select id from pg.cases", 'select "ID" from pg.cases', "select * from pg.cases"):
        with pytest.raises(WrongUse) as caught:
            pg.plan(text)
        (problem,) = caught.value.problems
        assert (problem.code, problem.place is not None) == ("ambiguous-column", True)
        assert "columns ID and id" in problem.message
