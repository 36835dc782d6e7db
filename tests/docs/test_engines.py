"""The table of engines says what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from lapwing.model.dataset import Aggregation, Measure, Shown
from lapwing.model.problem import Refused
from lapwing.states import state_for
from lapwing.states.argument import argument_of
from lapwing.states.base import Rows
from lapwing.states.dialects import DIALECTS, dialect_of

PAGE = Path(__file__).parents[2] / "docs" / "engines.md"
ENGINES = {"MariaDB, MySQL": "mysql", "PostgreSQL": "postgres"}
STATES = {
    "count": [("count", "BIGINT")],
    "sum, mean of integers": [("sum", "BIGINT"), ("mean", "INTEGER")],
    "sum, mean of decimals": [("sum", "DECIMAL(12,2)"), ("mean", "DECIMAL(38,9)")],
    "sum, mean of doubles": [("sum", "DOUBLE"), ("mean", "DOUBLE")],
    "min, max of numbers, dates, timestamps": [("min", "BIGINT"), ("max", "DOUBLE"), ("min", "DATE"), ("max", "TIMESTAMP")],
    "min, max of texts": [("min", "VARCHAR"), ("max", "VARCHAR")],
    "variance of integers": [("variance", "BIGINT")],
    "variance of doubles": [("variance", "DOUBLE")],
    "distinct": [("distinct", "VARCHAR"), ("distinct", "DATE")],
    "quantile": [("quantile", "DOUBLE"), ("quantile", "BIGINT")],
    "top": [("top", "VARCHAR"), ("top", "BIGINT")],
    "first, last": [("first", "VARCHAR"), ("last", "DOUBLE")],
}  # fmt: skip


def why_not(aggregation: str, kind: str, dialect: str) -> str | None:
    state = state_for(
        Measure(name="m", aggregation=Aggregation(aggregation), argument="x", shown=Shown(label="m")), kind
    )
    try:
        if argument_of(kind).scale:
            dialect_of(dialect).decimal("x", argument_of(kind))
        state.sql(Rows("x", None, "t"), dialect)
        state.entries_sql(Rows("x", None, "t"), dialect)
    except Refused as error:
        return error.problems[0].message
    return None


def rows() -> dict[str, dict[str, str]]:
    lines = [line.strip("| \n").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    names = [ENGINES.get(name, name.lower()) for name in lines[0][1:]]
    return {line[0]: dict(zip(names, line[1:], strict=True)) for line in lines[1:]}


def test_the_table_has_every_engine_and_state() -> None:
    found = rows()
    assert set(found) == set(STATES)
    assert all(set(row) == set(DIALECTS) for row in found.values())


@pytest.mark.parametrize("state", STATES)
def test_what_the_table_says_of_a_state_is_so(state: str) -> None:
    for dialect, says in rows()[state].items():
        reasons = {why_not(aggregation, kind, dialect) for aggregation, kind in STATES[state]}
        if says.startswith("no: "):
            reason = says.removeprefix("no: ").split(" (")[0]
            assert all(one is not None and one.rstrip(".").endswith(reason) for one in reasons), (dialect, reasons)
        else:
            assert reasons == {None}, (dialect, reasons)
            assert says.startswith("yes"), (dialect, says)
