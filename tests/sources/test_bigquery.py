"""What the emulator of BigQuery can't show, against a double of its APIs: what is asked for, costs, several streams, cancel,
and errors of each kind."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc
import pyarrow as pa
import pytest
from tests.services.bigquery_double import BigQueryDouble, Refusal, bigquery_double, key_file
from tests.services.bigquery_double_tables import Warehouse

from lapwing.model.problem import Cancelled, LapwingError, Place, SourceError, TimeLimit
from lapwing.model.project import SourceConfig
from lapwing.sources import bigquery_stream
from lapwing.sources.base import Column, Table
from lapwing.sources.bigquery import BigQuerySource
from lapwing.sources.bill import Bill, billed

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAYS, EACH = 10, 240
ROWS = DAYS * EACH
US = 86_400_000_000
START = int(FIRST.timestamp() * 1e6)


def orders() -> pa.Table:
    numbers = range(ROWS)
    return pa.table(
        {
            "at": pa.array([FIRST + timedelta(days=n // EACH, minutes=n % EACH) for n in numbers], pa.timestamp("us", "UTC")),
            "id": pa.array(numbers, pa.int64()),
            "shop": pa.array([f"shop {n % 7}" for n in numbers]),
            "amount": pa.array([Decimal(n) / 4 for n in numbers], pa.decimal128(38, 9)),
            "note": pa.array([None if n % 3 else "x" * 50 for n in numbers]),
        }
    )  # fmt: skip


@pytest.fixture
def double() -> Iterator[BigQueryDouble]:
    warehouse = Warehouse()
    warehouse.keep(("data", "shop", "orders"), orders(), partition="at", cluster=("shop",))
    warehouse.keep(("other", "ref", "towns"), pa.table({"town": ["Bonn", "Ulm"], "people": [330_000, 126_000]}))
    with bigquery_double(warehouse) as serving:
        yield serving


@pytest.fixture
def config(double: BigQueryDouble, tmp_path: Path) -> SourceConfig:
    return SourceConfig(
        name="bq",
        type="bigquery",
        project="billed",
        datasets=("data.shop", "other.ref"),
        location="EU",
        key_file=key_file(tmp_path, double.address),
        labels={"team": "growth"},
        endpoint=double.address,
        storage_endpoint=f"http://127.0.0.1:{double.storage.port}",
        place=Place("lapwing.yaml", 3, key="sources.bq"),
    )


@pytest.fixture
def source(config: SourceConfig) -> Iterator[BigQuerySource]:
    opened = BigQuerySource(config)
    yield opened
    opened.close()


def table_of(source: BigQuerySource, name: str = "orders") -> Table:
    return next(one for one in source.tables() if one.name == name)


def some(table: Table, *names: str) -> tuple[Column, ...]:
    return tuple(column for column in table.columns if column.name in names)


def rows_of(stream: Any) -> pa.Table:
    with stream:
        return pa.Table.from_batches(list(stream), stream.schema)


def code_of(error: pytest.ExceptionInfo[LapwingError]) -> str:
    return error.value.problems[0].code


# -- what it reads


def test_tables_of_several_projects_with_their_sizes(source: BigQuerySource, double: BigQueryDouble) -> None:
    tables = {one.path: one for one in source.tables()}
    assert set(tables) == {"bq.orders", "bq.ref.towns"}
    assert tables["bq.orders"].rows == ROWS
    assert tables["bq.orders"].bytes == double.warehouse.tables["data", "shop", "orders"].size(orders().column_names)
    assert source.reference(tables["bq.ref.towns"]) == "`other.ref.towns`"
    assert {column.name: column.type for column in tables["bq.orders"].columns}["amount"] == "DECIMAL(38,9)"


def test_a_scan_asks_for_its_columns_and_rows_alone(source: BigQuerySource, double: BigQueryDouble) -> None:
    table = table_of(source)
    where = "`at` >= TIMESTAMP '2026-03-03 00:00:00+00' AND `at` < TIMESTAMP '2026-03-05 00:00:00+00'"
    stream = source.scan(table, some(table, "at", "amount"), where)
    got = rows_of(stream)
    assert got.sort_by("at").equals(orders().select(["at", "amount"]).slice(2 * EACH, 2 * EACH))
    (session,) = double.storage.sessions
    assert list(session.read_session.read_options.selected_fields) == ["at", "amount"]
    assert session.read_session.read_options.row_restriction == where
    assert session.parent == "projects/billed"
    assert double.statements() == []  # no job was needed
    assert stream.spent is not None
    assert stream.spent.bytes_billed == 2 * EACH * (8 + 16)  # two columns of two partitions


def test_a_scan_reads_several_streams_side_by_side(source: BigQuerySource, double: BigQueryDouble) -> None:
    table = table_of(source)
    got = rows_of(source.scan(table, table.columns))
    assert len(double.storage.served) == 4
    assert got.sort_by("id").equals(orders())


def test_a_stream_that_breaks_off_is_taken_up_where_it_was(source: BigQuerySource, double: BigQueryDouble) -> None:
    double.storage.breaks = [(200, grpc.StatusCode.UNAVAILABLE)]
    table = table_of(source)
    assert rows_of(source.scan(table, table.columns)).sort_by("id").equals(orders())
    assert 200 in {offset for _, offset in double.storage.served}


def test_a_statement_is_a_job_whose_result_is_read(source: BigQuerySource, double: BigQueryDouble) -> None:
    stream = source.read(
        "SELECT shop, SUM(amount) AS amount FROM `data.shop.orders` GROUP BY shop",
        (Column("shop", "VARCHAR"), Column("amount", "DECIMAL(38,9)")),
    )
    got = rows_of(stream)
    assert sum(got.column("amount").to_pylist()) == sum(orders().column("amount").to_pylist())
    (body,) = double.bodies("POST", "/jobs$")
    assert body["configuration"]["labels"] == {"lapwing": "query", "team": "growth"}
    assert body["jobReference"]["location"] == "EU"
    assert stream.spent is not None
    assert stream.spent.job == body["jobReference"]["jobId"]
    assert stream.spent.bytes_billed == 10 * 1024 * 1024  # the least
    assert stream.spent.slot_ms == 1234


def test_splits_are_the_streams_of_one_session_and_hold_each_row_once(
    source: BigQuerySource, double: BigQueryDouble, config: SourceConfig
) -> None:
    table = table_of(source)
    splits = source.splits(table, some(table, "id", "shop"), rows=ROWS // 4)
    assert splits is not None
    assert len(splits) == 4
    worker = BigQuerySource(config)
    parts = [list(worker.read_split(pickle.loads(pickle.dumps(one)))) for one in splits]
    worker.close()
    found = pa.Table.from_batches([batch for part in parts for batch in part])
    assert all(parts)
    assert found.sort_by("id").equals(orders().select(["id", "shop"]))
    assert len(double.storage.sessions) == 1


# -- what it costs


def test_a_dry_run_tells_what_a_cut_of_columns_and_partitions_reads(
    source: BigQuerySource, double: BigQueryDouble
) -> None:
    table = table_of(source)
    where = "`at` >= TIMESTAMP '2026-03-03 00:00:00+00' AND `at` < TIMESTAMP '2026-03-04 00:00:00+00'"
    whole = source.estimate(source.scan_sql(table, table.columns))
    cut = source.estimate(source.scan_sql(table, some(table, "at", "id"), where))
    assert whole == table.bytes
    assert cut == EACH * 16
    asked = double.bodies("POST", "/jobs$")[-1]["configuration"]
    assert asked["dryRun"] is True
    assert asked["query"]["query"] == f"SELECT `at`, `id` FROM `data.shop.orders` WHERE {where}"
    assert double.statements() == []  # nothing ran


def test_a_statement_over_the_bound_of_the_project_does_not_run(config: SourceConfig, double: BigQueryDouble) -> None:
    source = BigQuerySource(replace(config, maximum_bytes_billed=5_000_000))
    with pytest.raises(SourceError, match="bytes billed") as error:
        rows_of(source.read("SELECT id FROM `data.shop.orders`", (Column("id", "BIGINT"),)))
    assert code_of(error) == "over-budget"
    assert "maximum_bytes_billed" in (error.value.problems[0].hint or "")
    (body,) = double.bodies("POST", "/jobs$")
    assert body["configuration"]["query"]["maximumBytesBilled"] == "5000000"
    source.close()


def test_a_scan_over_the_bound_reads_no_row(config: SourceConfig, double: BigQueryDouble) -> None:
    source = BigQuerySource(replace(config, maximum_bytes_billed=20_000))
    table = table_of(source)
    assert rows_of(source.scan(table, some(table, "id"))).num_rows == ROWS  # 19,200 bytes
    double.storage.served.clear()
    with pytest.raises(SourceError, match=r"billed for .* KB, and 20 KB is the most") as error:
        rows_of(source.scan(table, table.columns))
    assert code_of(error) == "over-budget"
    assert double.storage.served == []
    with pytest.raises(SourceError, match="is the most"):
        source.splits(table, table.columns)
    source.close()


def test_the_smaller_bound_of_project_and_question_holds(config: SourceConfig, double: BigQueryDouble) -> None:
    source = BigQuerySource(replace(config, maximum_bytes_billed=1 << 40))
    with billed(Bill(20_000_000)):
        rows_of(source.read("SELECT id FROM `data.shop.orders`", (Column("id", "BIGINT"),)))
    rows_of(source.read("SELECT id FROM `data.shop.orders`", (Column("id", "BIGINT"),)))
    bounds = [one["configuration"]["query"]["maximumBytesBilled"] for one in double.bodies("POST", "/jobs$")]
    assert bounds == ["20000000", str(1 << 40)]
    source.close()


# -- when it is stopped


def test_a_cancelled_statement_is_cancelled_there(source: BigQuerySource, double: BigQueryDouble) -> None:
    double.takes = 60
    with source.read("SELECT id FROM `data.shop.orders`", (Column("id", "BIGINT"),), time_limit=60) as stream:
        threading.Timer(0.5, stream.cancel).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            list(stream)
        assert time.monotonic() - began < 5
    (job,) = double.jobs.values()
    assert job.stopped


def test_a_statement_is_stopped_at_its_time_limit(source: BigQuerySource, double: BigQueryDouble) -> None:
    double.takes = 60
    with pytest.raises(TimeLimit, match=r"in 0\.5 s"):
        rows_of(source.read("SELECT id FROM `data.shop.orders`", (Column("id", "BIGINT"),), time_limit=0.5))
    (job,) = double.jobs.values()
    assert job.stopped
    assert job.config["jobTimeoutMs"] == "500"


def test_a_scan_that_waits_can_be_cancelled(source: BigQuerySource, double: BigQueryDouble) -> None:
    table = table_of(source)
    double.storage.waits = threading.Event()
    with source.scan(table, table.columns, time_limit=60) as stream:
        threading.Timer(0.3, stream.cancel).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            list(stream)
        assert time.monotonic() - began < 5


# -- what goes wrong


@pytest.mark.parametrize(
    ("refusal", "code", "says", "hint"),
    [
        (
            Refusal(403, "accessDenied", "Access Denied: Project billed: User does not have bigquery.jobs.create permission"),
            "not-permitted",
            "bigquery.jobs.create",
            "roles/bigquery.jobUser",
        ),
        (
            Refusal(403, "quotaExceeded", "Quota exceeded: Your project exceeded quota for free query bytes scanned"),
            "quota-exceeded",
            "free query bytes",
            "quota raised",
        ),
        (Refusal(404, "notFound", "Not found: Table data:shop.orders"), "table-vanished", "data:shop.orders", "lapwing check"),
        (Refusal(400, "responseTooLarge", "Response too large to return"), "source-refused", "too large", ""),
        (Refusal(400, "invalidQuery", "Unrecognized name: id at [1:8]"), "source-changed", "name: id", "lapwing check"),
        (Refusal(400, "invalidQuery", "Syntax error: Unexpected end"), "source-refused", "Unexpected end", ""),
    ],
)  # fmt: skip
def test_errors_of_jobs_say_what_is_wrong(
    source: BigQuerySource, double: BigQueryDouble, refusal: Refusal, code: str, says: str, hint: str
) -> None:
    double.fail("POST", "/jobs$", refusal, times=9)
    with pytest.raises(SourceError) as error:
        rows_of(source.read("SELECT id FROM `data.shop.orders`", (Column("id", "BIGINT"),)))
    problem = error.value.problems[0]
    assert problem.code == code
    assert says in problem.message
    assert "bq" in problem.message
    assert hint in (problem.hint or "")
    assert "http" not in problem.message
    assert len(double.bodies("POST", "/jobs$")) == 1  # it is not tried again


def test_a_busy_server_is_asked_again(source: BigQuerySource, double: BigQueryDouble) -> None:
    busy = Refusal(503, "backendError", "Error encountered during execution. Retrying may solve the problem.")
    double.fail("POST", "/jobs$", busy, times=2)
    double.fail("GET", "/queries/", busy)
    assert rows_of(source.read("SELECT id FROM `data.shop.orders`", (Column("id", "BIGINT"),))).num_rows == ROWS
    bodies = double.bodies("POST", "/jobs$")
    assert len(bodies) == 3
    assert len({one["jobReference"]["jobId"] for one in bodies}) == 1  # so that it can't run twice
    assert len(double.jobs) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, "not-permitted"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "quota-exceeded"),
        (grpc.StatusCode.NOT_FOUND, "table-vanished"),
        (grpc.StatusCode.INVALID_ARGUMENT, "source-refused"),
    ],
)
def test_errors_of_the_storage_api_say_what_is_wrong(
    source: BigQuerySource,
    double: BigQueryDouble,
    status: grpc.StatusCode,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bigquery_stream, "_BUSY_SECONDS", 1.0)
    table = table_of(source)
    double.storage.refusals = [("CreateReadSession", status, "it can't be read: orders")] * 50
    with pytest.raises(SourceError, match=r"it can't be read: orders") as error:
        rows_of(source.scan(table, table.columns))
    assert code_of(error) == code


def test_a_column_that_vanished_since_the_plan_is_told(source: BigQuerySource, double: BigQueryDouble) -> None:
    table = table_of(source)
    double.warehouse.keep(("data", "shop", "orders"), orders().drop_columns(["note"]))
    with pytest.raises(SourceError, match="note") as error:
        rows_of(source.scan(table, table.columns))
    assert code_of(error) == "source-changed"
    assert "lapwing check" in (error.value.problems[0].hint or "")


def test_a_server_that_is_not_there_is_told_within_seconds(config: SourceConfig, double: BigQueryDouble) -> None:
    source = BigQuerySource(replace(config, endpoint="http://127.0.0.1:9"))
    began = time.monotonic()
    with pytest.raises(SourceError) as error:
        source.tables()
    assert time.monotonic() - began < 10
    assert code_of(error) == "source-unreachable"
    assert error.value.problems[0].message == "bq does not answer: 127.0.0.1:9 can't be reached."
    assert "Traceback" not in str(error.value)
    source.close()


# -- marks


def test_the_mark_of_a_partition_changes_with_that_partition_alone(
    source: BigQuerySource, double: BigQueryDouble
) -> None:
    table = table_of(source)

    def marks() -> list[str]:
        return [source.mark(table, "at", START + day * US, START + (day + 1) * US) for day in range(DAYS)]

    before = marks()
    assert len(double.statements()) == 1  # all partitions are asked for at once
    assert marks() == before
    assert len(double.statements()) == 1
    held = double.warehouse.tables["data", "shop", "orders"]
    held.changed += 5_000
    held.told["partitions changed"] = {"20260304": held.changed}
    held.changed, changed = held.changed, held.changed - 5_000
    held.told["partitions changed"] |= {f"202603{day:02}": changed for day in range(1, 11) if day != 4}
    after = marks()
    assert [day for day in range(DAYS) if after[day] != before[day]] == [3]


def test_the_mark_of_what_is_not_partitioned_is_the_tables(source: BigQuerySource, double: BigQueryDouble) -> None:
    table = table_of(source, "towns")
    before = source.mark(table, "people", 0, 10)
    assert source.mark(table, "people", 0, 10) == before
    double.warehouse.tables["other", "ref", "towns"].changed += 1
    assert source.mark(table, "people", 0, 10) != before
    assert double.statements() == []


def test_a_view_may_always_have_changed(source: BigQuerySource, double: BigQueryDouble) -> None:
    double.warehouse.tables["other", "ref", "towns"].told["type"] = "VIEW"
    table = table_of(source, "towns")
    assert source.mark(table) != source.mark(table)
    assert rows_of(source.scan(table, table.columns)).num_rows == 2
    assert len(double.statements()) == 1  # the Storage Read API has no views


# -- credentials


def test_missing_credentials_say_where_they_were_looked_for_in_order(
    config: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    source = BigQuerySource(replace(config, key_file=None))
    began = time.monotonic()
    with pytest.raises(SourceError) as error:
        source.tables()
    assert time.monotonic() - began < 15
    problem = error.value.problems[0]
    assert problem.code == "no-credentials"
    places = ["GOOGLE_APPLICATION_CREDENTIALS", "application_default_credentials.json", "metadata server"]
    assert sorted(places, key=problem.message.index) == places
    assert "gcloud auth application-default login" in (problem.hint or "")


def test_a_key_file_that_is_none_is_told(config: SourceConfig, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    for path in (wrong, tmp_path / "nowhere.json"):
        with pytest.raises(SourceError, match=path.name) as error:
            BigQuerySource(replace(config, key_file=path)).tables()
        assert code_of(error) == "no-credentials"
