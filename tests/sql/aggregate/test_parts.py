"""Of which columns an aggregate is made, by its type and by what the source can hold."""

from __future__ import annotations

import pytest

from lapwing.sql.aggregate.parts import Parts, parts
from lapwing.sql.capability import No
from lapwing.states.dialects import dialect_of


def made(function: str, kind: str, dialect: str = "postgres") -> Parts:
    return parts(function, "x", kind, dialect_of(dialect), lambda end: f"p{end}")


@pytest.mark.parametrize(
    ("function", "kind", "dialect", "columns"),
    [
        ("count", "VARCHAR", "postgres", ["pn BIGINT"]),
        ("min", "SMALLINT", "postgres", ["pmin BIGINT"]),
        ("max", "DATE", "postgres", ["pmax DATE"]),
        ("sum", "INTEGER", "sqlite", ["psum BIGINT"]),
        ("sum", "BIGINT", "postgres", ["psum DECIMAL(38,0)"]),
        ("sum", "BIGINT", "sqlite", ["ps1 BIGINT", "ps0 BIGINT", "pn BIGINT"]),
        ("sum", "DECIMAL(18,2)", "postgres", ["psum DECIMAL(38,2)"]),
        ("sum", "DECIMAL(19,2)", "postgres", ["ps3 BIGINT", "ps2 BIGINT", "ps1 BIGINT", "ps0 BIGINT", "pn BIGINT"]),
        ("avg", "INTEGER", "postgres", ["ps0 BIGINT", "pn BIGINT"]),
        ("avg", "BIGINT", "postgres", ["ps1 BIGINT", "ps0 BIGINT", "pn BIGINT"]),
        ("avg", "DECIMAL(18,2)", "postgres", ["psum DECIMAL(38,2)", "pn BIGINT"]),
    ],
)
def test_columns(function: str, kind: str, dialect: str, columns: list[str]) -> None:
    assert [f"{column.name} {column.type}" for column, _ in made(function, kind, dialect).columns] == columns


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        ("min", "VARCHAR"),
        ("max", "DOUBLE"),
        ("max", "BOOLEAN"),
        ("sum", "DOUBLE"),
        ("avg", "DOUBLE"),
        ("sum", "BOOLEAN"),
        ("avg", "DATE"),
    ],
)
def test_others_are_the_engine_s(function: str, kind: str) -> None:
    with pytest.raises(No):
        made(function, kind)


def test_values_have_the_type_of_the_aggregate() -> None:
    assert made("min", "SMALLINT").whole == 'CAST("pmin" AS SMALLINT)'
    assert made("min", "BIGINT").whole == '"pmin"'
    assert made("max", "DATE").again == 'MAX("pmax")'
    assert "0.01" in made("sum", "DECIMAL(19,2)").whole
    assert "0." not in made("sum", "DECIMAL(19,0)").whole
