"""Whether PostgreSQL's groups or the rows they are of are here sooner, by plans of a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from tests.sources.worlds import database

from lapwing.model.project import SourceConfig
from lapwing.sources import postgres
from lapwing.sources.base import Table
from lapwing.sources.postgres import PostgresSource
from lapwing.sources.postgres_price import price_of_groups, price_of_rows

ROWS = 40_000
BY_MONTH = "SELECT date_trunc('month', t) AS k, count(*) AS n FROM public.big GROUP BY 1"
READ = "SELECT t FROM public.big"


@pytest.fixture(scope="module")
def dsn(postgres_dsn: str) -> str:
    """A server that takes every moment for a group, and sorts for them."""
    own = database(postgres_dsn)
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute(
            "create table big as select n, n % 10 as g, timestamp '2026-01-01' + n * interval '1 minute' as t "
            f"from generate_series(1, {ROWS}) n"
        )
        connection.execute("vacuum analyze")
        name = own.rpartition("/")[2].partition("?")[0]
        connection.execute(f'alter database "{name}" set enable_hashagg = off'.encode())
    return own


@pytest.fixture
def source(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresSource]:
    monkeypatch.setattr(postgres, "MANY", 1_000)
    monkeypatch.setattr(postgres, "MOST", 4)
    monkeypatch.setattr(postgres, "FAR", 60.0)
    made = PostgresSource(SourceConfig(name="p", type="postgres", dsn=dsn))
    yield made
    made.close()


def groups(source: PostgresSource, body: str = BY_MONTH, rows: int = 2) -> Table:
    return replace(source.tables()[0], body=body, rows=rows)


def test_rows_that_would_be_sorted_are_read(source: PostgresSource, monkeypatch: pytest.MonkeyPatch) -> None:
    assert source.rows_cost_less(groups(source), [READ])
    few = groups(source, "SELECT count(*) AS n FROM public.big", 1)
    assert not source.rows_cost_less(few, [READ])
    assert not source.rows_cost_less(groups(source), [READ] * 9)
    monkeypatch.setattr(postgres, "MANY", ROWS + 1)  # one connection
    assert not source.rows_cost_less(groups(source), [READ])


@pytest.mark.parametrize(("what", "value"), [("MOST", 1), ("FAR", 0.0)])
def test_groups_travel_from_afar_and_to_one_core(
    source: PostgresSource, monkeypatch: pytest.MonkeyPatch, what: str, value: float
) -> None:
    monkeypatch.setattr(postgres, what, value)
    assert not source.rows_cost_less(groups(source), [READ])


def test_a_server_that_cannot_tell(source: PostgresSource) -> None:
    assert not source.rows_cost_less(groups(source), ["SELECT nothing FROM public.big"])


def test_files_for_groups_that_are_not_there_cost_nothing() -> None:
    scan = {"Node Type": "Seq Scan", "Total Cost": 1_000.0, "Plan Rows": 50_000}
    made = {"Node Type": "Aggregate", "Strategy": "Hashed", "Total Cost": 9_000.0, "Plan Rows": 40_000, "Plans": [scan]}
    plan = {"Node Type": "Subquery Scan", "Total Cost": 9_500.0, "Plan Rows": 40_000, "Plans": [made]}
    assert price_of_groups(plan, 30) == 1_500
    assert price_of_groups(plan, 30_000) == 9_500
    assert price_of_groups({**plan, "Plans": [{**made, "Strategy": "Sorted"}]}, 30) == 9_500
    assert price_of_groups(scan, 30) == 1_000


def test_only_what_is_read_from_end_to_end_is_shared() -> None:
    scan = {"Node Type": "Seq Scan", "Total Cost": 1_000.0, "Plan Rows": 50_000}
    assert price_of_rows([scan], 2, 50_000) == 3_000
    assert price_of_rows([scan, {**scan, "Node Type": "Gather"}], 2, 50_000) == 9_000
    assert price_of_rows([scan], 2, 50_001) == 6_000
