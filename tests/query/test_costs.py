"""What an answer costs at a source that charges by bytes: told before, bounded, and on the receipt; on a double of BigQuery."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import pyarrow as pa
import pytest
from tests.services.bigquery_double import LEAST_BILLED, BigQueryDouble, bigquery_double, key_file
from tests.services.bigquery_double_tables import Warehouse
from tests.sources.test_bigquery import DAYS, EACH, ROWS, orders

from lapwing.cli.main import main
from lapwing.model.problem import SourceError
from lapwing.query.ask import MetricQuery, SqlQuery, Wishes
from lapwing.query.service import Lapwing

PROJECT = """name: shop
sources:
  bq:
    type: bigquery
    project: billed
    datasets: [data.shop]
    key_file: KEY
    endpoint: ENDPOINT
    storage_endpoint: STORAGE
store: {type: lmdb, path: store}
"""
DATASET = """dataset: orders
table: bq.orders
time: {column: at}
dimensions: {shop: {}}
measures:
  orders: {count: "*"}
  spent: {sum: amount}
rollups:
  main: {grain: hour, dimensions: [shop], partition: day}
"""
SPENT = MetricQuery(metrics=("spent",), start="2026-03-03", end="2026-03-05")
CUT = 2 * EACH * (8 + 16)  # the time and the amount of two days
TWICE = "select count(a.id) as n from bq.orders a join bq.orders b on a.id = b.id + 1"
SQL = """select sum(amount) as spent from bq.orders
where "at" >= timestamptz '2026-03-03 00:00:00+00' and "at" < timestamptz '2026-03-05 00:00:00+00'"""


@pytest.fixture
def double() -> Iterator[BigQueryDouble]:
    warehouse = Warehouse()
    warehouse.keep(("data", "shop", "orders"), orders(), partition="at", cluster=("shop",))
    with bigquery_double(warehouse) as serving:
        yield serving


@pytest.fixture
def folder(double: BigQueryDouble, tmp_path: Path) -> Path:
    text = PROJECT.replace("KEY", str(key_file(tmp_path, double.address))).replace("ENDPOINT", double.address)
    (tmp_path / "lapwing.yaml").write_text(text.replace("STORAGE", f"http://127.0.0.1:{double.storage.port}"))
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "orders.yaml").write_text(DATASET)
    return tmp_path


@pytest.fixture
def lapwing(folder: Path) -> Iterator[Lapwing]:
    with Lapwing.open(folder) as opened:
        yield opened


def test_explain_tells_what_a_statement_would_read(lapwing: Lapwing, double: BigQueryDouble) -> None:
    assert "would read 11.5 KB of bq, which charges for it" in lapwing.explain_sql(SqlQuery(text=SQL))
    assert double.storage.served == []
    assert double.statements() == []
    both = lapwing.explain_sql(SqlQuery(text=f"{TWICE} where a.id < 1000000 and b.id > 0"))
    assert f"All together it would read {2 * ROWS * 8 / 1000:.3g} KB." in both
    once = lapwing.explain_sql(SqlQuery(text=TWICE))
    assert once.count("would read") == 1
    assert f"would read {ROWS * 8 / 1000:.3g} KB of bq" in once


def test_explain_tells_what_metrics_would_read(lapwing: Lapwing, double: BigQueryDouble) -> None:
    explained = lapwing.explain(SPENT)
    (piece,) = explained.pieces
    assert (piece.by, piece.estimated_bytes) == ("source", CUT)
    texts = [one for one in double.statements(dry=True) if "amount" in one]
    assert all("`shop`" not in one and "`note`" not in one for one in texts)
    assert texts


def test_the_receipt_tells_what_was_billed(lapwing: Lapwing) -> None:
    answer = lapwing.run_sql(SqlQuery(text=SQL))
    answer.table()
    (piece,) = answer.receipt().pieces
    assert piece.bytes_billed == CUT
    answered = lapwing.answer(SPENT)
    (piece,) = answered.receipt.pieces
    assert (piece.by, piece.bytes_billed) == ("source", CUT)


def test_a_question_may_not_cost_more_than_it_says(lapwing: Lapwing, double: BigQueryDouble) -> None:
    little, enough = Wishes(maximum_bytes_billed=CUT - 1), Wishes(maximum_bytes_billed=10 * CUT)
    asks: tuple[Callable[[Wishes], pa.Table], ...] = (
        lambda wishes: lapwing.run_sql(SqlQuery(text=SQL, wishes=wishes)).table(),
        lambda wishes: lapwing.answer(replace(SPENT, wishes=wishes)).table,
    )
    for ask in asks:
        double.storage.served.clear()
        with pytest.raises(SourceError, match="would be billed for") as error:
            ask(little)
        assert error.value.problems[0].code == "over-budget"
        assert double.storage.served == []
        assert ask(enough).num_rows == 1


def test_two_reads_of_a_question_share_its_bound(lapwing: Lapwing, double: BigQueryDouble) -> None:
    text = f"{TWICE} where a.id < 1000000 and b.id > 0"
    one = ROWS * 8
    assert lapwing.run_sql(SqlQuery(text=text, wishes=Wishes(maximum_bytes_billed=2 * one))).table().num_rows == 1
    with pytest.raises(SourceError, match="is the most"):
        lapwing.run_sql(SqlQuery(text=text, wishes=Wishes(maximum_bytes_billed=2 * one - 1, cache=False)))
    kept = lapwing.run_sql(SqlQuery(text=text, wishes=Wishes(maximum_bytes_billed=2 * one - 1)))
    assert kept.table().num_rows == 1  # costs nothing
    assert kept.receipt().pieces[0].by == "kept result"


def test_the_command_bounds_a_question(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["-p", str(folder), "query", "--metrics", "spent", "--from", "2026-03-03", "--to", "2026-03-05"]
    assert main([*asked, "--maximum-bytes-billed", "1KB"]) != 0
    assert "maximum_bytes_billed" in capsys.readouterr().err
    assert main([*asked, "--maximum-bytes-billed", "1MB", "--receipt"]) == 0
    assert "billed      11.5 KB" in capsys.readouterr().out
    assert main(["-p", str(folder), "sql", SQL, "--explain", "--json"]) == 0
    assert "would read 11.5 KB" in json.loads(capsys.readouterr().out)["explain"]


def test_builds_record_their_jobs_and_what_they_were_billed_for(lapwing: Lapwing, double: BigQueryDouble) -> None:
    lapwing.cache.build(builder="duckdb").checked()
    (read,) = lapwing.cache.runs()
    assert read.bytes_billed >= ROWS * (8 + 16)  # all rows, without jobs
    assert (read.jobs, read.slot_ms) == ((), 0)
    jobs = len(double.statements())
    lapwing.cache.build(builder="source", full=True).checked()
    made = [one for one in double.statements()[jobs:] if "lw_rows" in one]
    run = lapwing.cache.runs()[0]
    assert run.built == DAYS
    assert 0 < len(made) < DAYS  # several partitions by one statement
    assert len(run.jobs) == len(made)
    assert run.bytes_billed == len(made) * LEAST_BILLED
    assert run.slot_ms == len(made) * 1234
    assert run.as_dict()["jobs"] == list(run.jobs)


def test_a_build_by_beam_records_what_its_session_reads(lapwing: Lapwing, double: BigQueryDouble) -> None:
    before = len(double.storage.sessions)
    lapwing.cache.build(builder="beam").checked()
    (session,) = [
        one for one in double.storage.sessions[before:] if "amount" in one.read_session.read_options.selected_fields
    ]
    columns = list(session.read_session.read_options.selected_fields)
    assert sorted(columns) == ["amount", "at", "shop"]
    (run,) = lapwing.cache.runs()
    held = double.warehouse.tables["data", "shop", "orders"]
    assert (run.built, run.bytes_billed) == (DAYS, held.size(columns))
    mine = lapwing.answer(MetricQuery(metrics=("spent", "orders"), by=("shop",))).table
    theirs = lapwing.answer(MetricQuery(metrics=("spent", "orders"), by=("shop",), wishes=Wishes(cache=False))).table
    assert mine.equals(theirs)


def test_a_build_that_fails_publishes_nothing_wrong_and_can_be_run_again(
    lapwing: Lapwing, double: BigQueryDouble
) -> None:
    refused = ("CreateReadSession", grpc.StatusCode.PERMISSION_DENIED, "the caller may not read it")
    cache, everything = lapwing.cache, MetricQuery(metrics=("spent",), wishes=Wishes(cache_only=True))
    cache.build().checked()
    before = lapwing.answer(everything).table
    held = double.warehouse.tables["data", "shop", "orders"]
    double.warehouse.keep(held.key, pa.concat_tables([held.rows, held.rows]), partition="at", changed=held.changed + 1)
    double.storage.refusals = [refused] * 9
    report = cache.build()
    assert report.failed[0].problems[0].code == "not-permitted"
    assert lapwing.answer(everything).table.equals(before)
    double.storage.refusals = []
    whole = held.rows
    double.warehouse.keep(held.key, whole.drop_columns(["amount"]), partition="at", changed=held.changed + 2)
    report = cache.build()
    assert report.failed[0].problems[0].code == "unknown-column"
    assert lapwing.answer(everything).table.equals(before)
    double.warehouse.keep(held.key, pa.concat_tables([whole, whole]), partition="at", changed=held.changed + 3)
    cache.build().checked()
    (row,), (twice,) = before.to_pylist(), lapwing.answer(everything).table.to_pylist()
    assert twice["spent"] == 2 * row["spent"]


def test_only_the_partition_that_changed_is_built_again(lapwing: Lapwing, double: BigQueryDouble) -> None:
    lapwing.cache.build().checked()
    held = double.warehouse.tables["data", "shop", "orders"]
    before = held.changed
    held.changed += 5_000
    held.told["partitions changed"] = {f"202603{day:02}": before for day in range(1, DAYS + 1) if day != 4}
    double.storage.sessions.clear()
    (built,) = lapwing.cache.build().checked().rollups
    assert (built.built, built.unchanged) == (1, DAYS - 1)
    wheres = [one.read_session.read_options.row_restriction for one in double.storage.sessions]
    assert any("2026-03-04" in where for where in wheres)
    assert not any("2026-03-07" in where for where in wheres)
