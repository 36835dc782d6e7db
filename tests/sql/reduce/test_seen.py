"""A statement is planned by what was read when it ran before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tests.sql.conftest import service

from lapwing.model.project import SourceConfig
from lapwing.sql import plans
from lapwing.sql.nodes import Plan
from lapwing.sql.service import SqlService

YEAR = 12_000
"""All sales are of one of a hundred years, so statistics expect a hundredth of them in it."""


@pytest.fixture
def sql(tmp_path: Path) -> Iterator[SqlService]:
    """A calendar and sales as files, customers in SQLite."""
    files = tmp_path / "files"
    files.mkdir()
    duckdb.sql(f"copy (select i as day, i // 365 as year from range(36500) t(i)) to '{files}/days.parquet'")
    sold = f"select 3650 + i % 365 as day, i as customer, i % 7 as paid from range({YEAR}) t(i)"
    duckdb.sql(f"copy ({sold}) to '{files}/sales.parquet'")
    with sqlite3.connect(tmp_path / "lite.db") as lite:
        lite.execute("create table customers (id integer primary key, town text)")
        towns = ((number, f"town {number % 5}") for number in range(YEAR))
        lite.executemany("insert into customers values (?, ?)", towns)
    lite.close()
    yield from service(
        tmp_path,
        {
            "files": SourceConfig(name="files", type="files", path=files),
            "lite": SourceConfig(name="lite", type="sqlite", path=tmp_path / "lite.db"),
        },
    )


ASKED = """select town, sum(paid) as paid from files.days join files.sales using (day)
join lite.customers on id = customer where year = 10 group by town order by town"""


def keys(plan: Plan) -> dict[str, list[str]]:
    return {scan.table.name: [str(key) for key in scan.keys] for scan in plan.scans if not scan.native}


def test_keys_that_left_everything_are_not_waited_for_again(sql: SqlService) -> None:
    first = sql.ready(ASKED)
    assert keys(first)["customers"], "by statistics there are a hundredth of the sales"
    rows = sql.table(ASKED).to_pylist()
    second = sql.ready(ASKED)
    assert keys(second) == {"customers": []}
    (sales,) = (scan for scan in second.scans if scan.table.name == "sales")
    assert sales.rows == YEAR
    assert sql.table(ASKED).to_pylist() == rows
    assert sql.ready(ASKED) is second
    assert len(rows) == 5


def test_so_is_another_statement_over_the_same_rows(sql: SqlService) -> None:
    other = ASKED.replace("sum(paid)", "max(paid)")
    assert keys(sql.ready(other))["customers"]
    sql.table(ASKED)
    assert keys(sql.ready(f"{other} -- anew")) == {"customers": []}


def test_another_condition_is_another_number_of_rows(sql: SqlService) -> None:
    sql.table(ASKED)
    assert keys(sql.ready(ASKED.replace("year = 10", "year = 11")))["customers"]


def test_what_was_not_read_to_its_end_tells_nothing(sql: SqlService) -> None:
    text = "select id from lite.customers where town <> 'town 9' limit 3"
    before = sql.ready(text)
    assert sql.table(text).num_rows == 3
    assert sql.ready(text) is before
    with sql.run(ASKED):
        pass  # left before its first row
    assert keys(sql.ready(ASKED))["customers"]


def test_keys_that_save_most_are_sent_again(sql: SqlService) -> None:
    text = ASKED.replace("where year = 10", "where year = 10 and paid > 99")
    expected = keys(sql.ready(text))["customers"]
    assert expected
    assert sql.table(text).num_rows == 0
    assert sql.table(text).num_rows == 0
    assert [key.partition(", about")[0] for key in keys(sql.ready(text))["customers"]] == [
        key.partition(", about")[0] for key in expected
    ]


def test_data_that_differ_each_time_are_not_looked_at_each_time(sql: SqlService) -> None:
    sql.table(ASKED)
    for _ in range(plans.LOOKS):
        last = sql.ready(ASKED)
        sql._plans.doubt(last)
    assert sql.ready(ASKED) is last
