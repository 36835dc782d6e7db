"""A statement that reads one source of BigQuery runs there as a whole and gives what plain DuckDB gives, or does not, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import duckdb
import pytest
from tests.sources.bigquery_emulator import bigquery_client
from tests.sql.conftest import FIXTURES, service

from lapwing.model.problem import WrongUse
from lapwing.model.project import SourceConfig
from lapwing.sql.service import SqlService
from lapwing.sql.whole import worth

STATEMENTS = [line for line in (FIXTURES / "whole.sql").read_text().splitlines() if line[:2] != "--"]
STATEMENTS += [line for line in (FIXTURES / "whole_bigquery.sql").read_text().splitlines() if line[:2] != "--"]
WORDS = {
    "double": "FLOAT64",
    "varchar": "STRING",
    "timestamptz": "TIMESTAMP",
    "timestamp": "DATETIME",
    "decimal": "NUMERIC",
}
WORDS |= {"bigint": "INT64", "boolean": "BOOL"}
THINGS = "id bigint, i bigint, v varchar, w varchar, f double, n decimal(38,9), d date, t timestamp, l boolean, z timestamptz"
EMULATOR = {
    "sum(n) over (": "sums of NUMERIC over a window are 0 in it",
    " % ": "MOD of whole numbers beyond 2^53 goes by floats in it",
    "substring(": "SUBSTR counts bytes in it",
    "f / 0": "NaN is NULL in it",
}
"""What the emulator answers otherwise than BigQuery; the statement is only looked at."""


@pytest.fixture(scope="module")
def truth() -> Iterator[duckdb.DuckDBPyConnection]:
    """Plain DuckDB with the same tables in a schema of the source's name."""
    with duckdb.connect() as plain:
        plain.execute("set timezone = 'UTC'").fetchall()
        rows = (FIXTURES / "things_trino.sql").read_text().split("create table {schema}.big")[0]
        rows = re.sub(r"--.*", "", rows).replace("{schema}", "raw")
        plain.execute(f"create schema raw; create schema bq; {rows}").fetchall()
        plain.execute(f"create table bq.things ({THINGS})").fetchall()
        plain.execute("insert into bq.things select *, t::timestamptz from raw.things").fetchall()
        numbers = "create table bq.numbers as select range as n, range as id, range % 7 as g from range(200)"
        plain.execute(numbers).fetchall()
        yield plain


@pytest.fixture(scope="module")
def bq(
    tmp_path_factory: pytest.TempPathFactory, bigquery_dsn: str, truth: duckdb.DuckDBPyConnection
) -> Iterator[SqlService]:
    """The tables in BigQuery."""
    dataset = "whole"
    with closing(bigquery_client(bigquery_dsn)) as client:
        client.create_dataset(dataset)
        for table in ("things", "numbers"):
            told = truth.execute(f"describe bq.{table}").fetchall()
            kinds = [(name, _word(str(kind))) for name, kind, *_ in told]
            made = ", ".join(f"`{name}` {kind}" for name, kind in kinds)
            client.query_and_wait(f"CREATE TABLE {dataset}.{table} ({made})", retry=None, job_retry=None)
            texts = ", ".join(f'"{name}"::varchar' for name, _ in kinds)
            rows = truth.execute(f"select {texts} from bq.{table}").fetchall()
            values = ", ".join(
                f"({', '.join(_constant(one, kind) for one, (_, kind) in zip(row, kinds, strict=True))})"
                for row in rows
            )
            client.query_and_wait(f"INSERT INTO {dataset}.{table} VALUES {values}", retry=None, job_retry=None)
    config = SourceConfig(name="bq", type="bigquery", project=bigquery_dsn, datasets=(dataset,))
    yield from service(tmp_path_factory.mktemp("whole"), {"bq": config})


def _word(kind: str) -> str:
    kind = kind.lower().replace("timestamp with time zone", "timestamptz").partition("(")[0]
    return WORDS.get(kind, kind.upper())


def _constant(text: str | None, kind: str) -> str:
    if text is None:
        return "NULL"
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"CAST('{escaped}' AS {kind})"


def here(text: str) -> str:
    return text.replace("{t}", "bq.things").replace("{b}", "bq.numbers")


@pytest.mark.long
@pytest.mark.parametrize("text", STATEMENTS)
def test_answers_are_plain_duckdb_s(bq: SqlService, truth: duckdb.DuckDBPyConnection, text: str) -> None:
    text = here(text)
    with bq.run(text, engine="bq") as running:
        assert [scan.id for scan in running.plan.scans] == ["whole"], running.plan.notes
        if any(part in text for part in EMULATOR):
            return
        rows = [row for batch in running for row in batch.to_pylist()]
    assert [scan.id for scan in running.plan.scans] == ["whole"], running.plan.notes
    theirs = truth.sql(text).to_arrow_table()
    assert [str(one.type) for one in running.schema] == [str(one.type) for one in theirs.schema]
    got, wanted = ([list(map(repr, row.values())) for row in one] for one in (rows, theirs.to_pylist()))
    if "order by" not in text:
        got, wanted = sorted(got), sorted(wanted)
    assert got == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("select avg(f) from {t}", "the mean of what is no exact number"),
        ("select sum(f) from {t}", "floats are added in another order"),
        ("select id from {t} where f > 1", "NaN"),
        ("select f, count(*) from {t} group by f", "which floats are alike"),
        ("select id from {t} where v like 'a\\%'", "LIKE of this pattern"),
        ("select id from {t} where v similar to 'a.*'", "not written"),
        ("select lower(v) from {t}", "lower is not written"),
        ("select round(n, 1) from {t}", "round is not written"),
        ("select try_cast(v as bigint) from {t}", "try cast with safe"),
        ("select d + interval 1 day from {t}", "interval is not written"),
        ("select id from {t} where i = '5'", "integer against text"),
        ("select g from {b} intersect all select i from {t}", "intersect all is not written"),
        ("select id from {t} order by id offset 3", "an offset without a limit"),
        ("select a.id from {t} a left join {b} b on a.id < b.n", "without an equality of both sides"),
        ('select "a b" from (select i as "a b" from {t}) x', "the name a b is none for it"),
        ("select 1 as one from {t} a, (values (1)) v(x)", "not written"),
    ],
)
def test_what_might_differ_is_not_run_there(bq: SqlService, text: str, why: str) -> None:
    plan = bq.plan(here(text), engine="bq")
    assert "whole" not in [scan.id for scan in plan.scans]
    (note,) = plan.notes
    assert note.startswith("Not run on bq as a whole: ")
    assert why in note


def test_moments_are_cut_by_utc_alone(bq: SqlService) -> None:
    text = here("select date_trunc('day', z) as m from {t}")
    assert bq.plan(text, engine="bq").scans[0].id == "whole"
    (note,) = bq.plan(text, engine="bq", zone="Asia/Tokyo").notes
    assert "by the clocks of Asia/Tokyo in the engine alone" in note


def test_few_bytes_are_read_instead(bq: SqlService) -> None:
    told = bq.explain(here("select l, count(*) as c from {t} group by l"))
    assert "Not run on bq as a whole: " in told
    assert "travel" in told


def test_it_runs_there_by_itself_where_that_saves_bytes(bq: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worth, "LEAST", 1000)
    plan = bq.plan(here("select sum(n) as s, max(g) as m from {b}"))
    assert plan.scans[0].id == "whole"
    assert plan.notes == ("Run on bq as a whole: about 16 B travel instead of 3.2 KB.",)
    (note,) = bq.plan(here("select n, g from {b}")).notes
    assert note == "Not run on bq as a whole: about 3.2 KB would travel instead of 3.2 KB."
    assert bq.plan(here("select n, g from {b} limit 3")).scans[0].limit == 3


def test_explain_shows_where_it_runs(bq: SqlService) -> None:
    told = bq.explain(here("select l, count(*) as c from {t} group by l"), engine="bq")
    assert "sent to bq:" in told
    assert "Run on bq as a whole: as was asked for." in told


def test_engines_by_name(bq: SqlService) -> None:
    text = here("select id from {t}")
    assert bq.plan(text, engine="duckdb").scans[0].id == "scan0"
    with pytest.raises(WrongUse, match="bqq is no engine"):
        bq.plan(text, engine="bqq")
