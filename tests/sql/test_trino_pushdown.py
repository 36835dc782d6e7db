"""What is pushed to a Trino means there what it means here: over a catalog in memory and one that is a PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.services.trino import Trino
from tests.sources.worlds import trino_rows
from tests.sql.conftest import FIXTURES, service
from tests.sql.test_pushdown import CONDITIONS, PREDICATES, STATEMENTS, rows

from lapwing.model.project import SourceConfig
from lapwing.sql.nodes import Condition
from lapwing.sql.service import SqlService

PLACES = ("tm", "tp")
FLOATS = (
    (1, "nan"),
    (2, "inf"),
    (3, "-inf"),
    (4, "0.1"),
    (5, "-0.0"),
    (6, "0.0"),
    (7, None),
    (8, "5e-324"),
    (9, "1e300"),
)


@pytest.fixture(scope="module")
def trapped(data: Path, trino_server: Trino, trino_postgres_dsn: str, postgres_dsn: str) -> Iterator[SqlService]:
    """`own`, a catalog of Trino in memory as `tm` and one that is a PostgreSQL as `tp`."""
    import psycopg

    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("create schema if not exists trino_traps")
        connection.execute((FIXTURES / "things_postgres.sql").read_text().replace("traps.", "trino_traps."))
        connection.execute(
            "create table trino_traps.big as select n::bigint, (n % 7)::bigint g from generate_series(0, 199999) n"
        )
    memory = trino_server.dsn("memory", "traps")
    for statement in ("create schema memory.traps", *_statements("memory.traps")):
        trino_rows(memory, statement)
    values = ", ".join(f"({n}, {'null' if x is None else _float(x)})" for n, x in FLOATS)
    trino_rows(memory, f"create table memory.traps.floats as select * from (values {values}) t(id, f)")
    configs = {
        "own": SourceConfig(name="own", type="duckdb", path=data / "own.duckdb"),
        "tm": SourceConfig(name="tm", type="trino", dsn=memory),
        "tp": SourceConfig(name="tp", type="trino", dsn=trino_server.dsn("pg", "trino_traps")),
    }
    yield from service(data, configs)


def _statements(schema: str) -> list[str]:
    written = (FIXTURES / "things_trino.sql").read_text().replace("{schema}", schema)
    return written.partition("\n")[2].strip().rstrip(";").split(";\n")


def _float(text: str) -> str:
    return {"nan": "nan()", "inf": "infinity()", "-inf": "-infinity()"}.get(text, f"double '{text}'")


def same_truth(service: SqlService, source: str, table: str, predicates: Sequence[str]) -> int:
    """Each condition that is pushed is true, false or null of the same rows at the source and here: all are asked in one
    statement at each. How many were pushed."""
    conditions: dict[str, Condition] = {}
    for predicate in predicates:
        plan = service.plan(f"select id from {source}.{table} where {predicate.replace('{source}', source)}")
        conditions |= {one.text: one for scan in plan.scans for one in scan.pushed}
    if not conditions:
        return 0
    texts, pushed = zip(*((one.text, str(one.pushed)) for one in conditions.values()), strict=True)
    (known,) = (one for one in service._sources[source].tables() if one.name == table)
    theirs = trino_rows(
        str(service.project.sources[source].dsn),
        f"SELECT id, {', '.join(pushed)} FROM {service._sources[source].reference(known)} ORDER BY id",
    )
    relation = f"own.{table}" if table == "things" else FLOATS_HERE
    ours = service.table(f"select id, {', '.join(texts)} from {relation} order by id")
    for place, text in enumerate(texts, 1):
        assert [row[place] for row in theirs] == ours.column(place).to_pylist(), f"{text}: {pushed[place - 1]}"
    return len(conditions)


FLOATS_HERE = "(values {}) as t(id, f)".format(
    ", ".join(f"({n}, {'null' if x is None else f'{x!r}'}::double)" for n, x in FLOATS)
)


@pytest.mark.parametrize("source", PLACES)
def test_pushed_conditions_mean_the_same(trapped: SqlService, source: str) -> None:
    assert same_truth(trapped, source, "things", PREDICATES) > 60


@pytest.mark.parametrize("source", PLACES)
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(predicates=st.lists(CONDITIONS, min_size=20, max_size=40))
def test_any_pushed_condition_means_the_same(trapped: SqlService, source: str, predicates: list[str]) -> None:
    same_truth(trapped, source, "things", predicates)


def test_numbers_that_are_none(trapped: SqlService) -> None:
    constants = ("0.1", "0", "-1.5", "1e300", "1.7976931348623157e308", "5e-324")
    operators = ("=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from")
    predicates = [f"f {operator} {constant}::double" for operator in operators for constant in constants]
    predicates += ["f > 0", "not (f > 0)", "f between 0 and 1", "not (f between 0 and 1)", "f in (0, 0.1)", "f is null"]
    assert same_truth(trapped, "tm", "floats", predicates) >= 20
    assert not trapped.plan("select id from tm.floats where f = f").scans[0].pushed


@pytest.mark.parametrize("source", PLACES)
def test_statements_mean_the_same(trapped: SqlService, source: str) -> None:
    for text in STATEMENTS:
        assert rows(trapped, text.format(s=source)) == rows(trapped, text.format(s="own")), text
