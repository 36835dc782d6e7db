"""What may be true of other rows the next time it is asked is asked once: values of such rows are not those the statement will
have."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import duckdb
import pytest
from tests.sql.conftest import service

from lapwing.model.project import SourceConfig
from lapwing.sql.reduce import choose
from lapwing.sql.service import SqlService

ROWS = 4_000


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlService]:
    """`k` from 0 on, once each, in a file, in DuckDB and in SQLite."""
    folder = tmp_path_factory.mktemp("numbers")
    duckdb.sql(f"copy (select range as k from range({ROWS})) to '{folder}/n.parquet'")
    with duckdb.connect(str(folder / "own.duckdb")) as own:
        own.execute(f"create table n as select range as k from range({ROWS})")
    with sqlite3.connect(folder / "lite.db") as lite:
        lite.execute("create table n (k bigint primary key)")
        lite.executemany("insert into n values (?)", [(k,) for k in range(ROWS)])
    lite.close()
    configs = {
        "files": SourceConfig(name="files", type="files", path=folder / "n.parquet"),
        "own": SourceConfig(name="own", type="duckdb", path=folder / "own.duckdb"),
        "lite": SourceConfig(name="lite", type="sqlite", path=folder / "lite.db"),
    }
    yield from service(folder, configs)


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "WORTH", -1)
    monkeypatch.setattr(choose, "SELECTIVE", 2.0)
    monkeypatch.setattr(choose, "saved_enough", lambda saved, keys: True)


@pytest.mark.parametrize(
    "draw", ["random() < 0.5", "left(uuid()::varchar, 1) < '8'", "left(gen_random_uuid()::varchar, 1) < '8'"]
)
@pytest.mark.parametrize(("one", "other"), [("files", "lite"), ("own", "lite"), ("lite", "lite"), ("lite", "own")])
def test_half_of_the_rows_are_half_of_them(numbers: SqlService, one: str, other: str, draw: str) -> None:
    """Drawn twice they would be a quarter; half is 2,000 within 32 (one sigma)."""
    text = f"select count(*) as n from (select distinct k from {one}.n where {draw}) a join {other}.n b on a.k = b.k"
    (row,) = numbers.table(text).to_pylist()
    assert 1_700 < row["n"] < 2_300, numbers.explain(text, analyze=True)
    assert "rows at the source only with k in the k of" in numbers.explain(text) or other != "lite"


def test_two_mentions_draw_each_for_itself(numbers: SqlService) -> None:
    half = "select distinct k from {}.n where random() < 0.5"
    for one in ("files", "own", "lite"):
        text = f"with a as ({half.format(one)}), b as ({half.format(one)}) select count(*) as n from a join b using (k)"
        (row,) = numbers.table(text).to_pylist()
        assert 800 < row["n"] < 1_200, one
