"""What a source is told of a condition, letter by letter, and why it is not told others: each guard has a line that needs it."""

from __future__ import annotations

import pytest
from tests.sql.conftest import FIXTURES

from lapwing.sources import bigquery, clickhouse, mariadb, postgres, snowflake, sqlite, trino
from lapwing.sources.base import Capabilities, Column
from lapwing.sql.capability import No, Renderer
from lapwing.sql.predicate import conjuncts

SOURCES = {
    one.CAPABILITIES.dialect: one.CAPABILITIES
    for one in (bigquery, clickhouse, mariadb, postgres, snowflake, sqlite, trino)
}
TYPES = {
    "i": "BIGINT",
    "s": "SMALLINT",
    "h": "HUGEINT",
    "n": "DECIMAL(10,2)",
    "m": "DECIMAL(12,4)",
    "f": "DOUBLE",
    "g": "DOUBLE",
    "r": "FLOAT",
    "v": "VARCHAR",
    "x": "VARCHAR",
    "d": "DATE",
    "t": "TIMESTAMP",
    "z": "TIMESTAMP WITH TIME ZONE",
    "l": "BOOLEAN",
    "u": "UHUGEINT",
    "b": "BLOB",
}
COLUMNS = {name: Column(name, kind) for name, kind in TYPES.items()}
COLUMNS["w"] = Column("w", "VARCHAR", exact_text=False)
LINES = [line.split(" | ") for line in (FIXTURES / "rendered.sql").read_text().splitlines()[1:]]


@pytest.mark.parametrize(("dialect", "text", "told"), LINES)
def test_a_condition(dialect: str, text: str, told: str) -> None:
    (tree,) = conjuncts(text.replace("{tab}", "\t").replace("{broken}", "\ufffd")) or ()
    renderer = Renderer(SOURCES[dialect], COLUMNS)
    if not told.startswith("! "):
        assert renderer.condition(tree) == told
    else:
        with pytest.raises(No) as refused:
            renderer.condition(tree)
        assert f"! {refused.value}" == told


@pytest.mark.parametrize(
    ("dialect", "descending", "nulls_first", "told"),
    [
        ("postgres", False, False, '"v" COLLATE "C" NULLS LAST'),
        ("postgres", True, True, '"v" COLLATE "C" DESC NULLS FIRST'),
        ("sqlite", True, False, '+"v" COLLATE BINARY DESC NULLS LAST'),
        ("mysql", False, False, '"v" IS NULL, CAST(CONVERT("v" USING utf8mb4) AS BINARY)'),
        ("mysql", True, True, '"v" IS NOT NULL, CAST(CONVERT("v" USING utf8mb4) AS BINARY) DESC'),
    ],
)
def test_an_order(dialect: str, descending: bool, nulls_first: bool, told: str) -> None:
    renderer = Renderer(SOURCES[dialect], COLUMNS)
    assert renderer.sorted(COLUMNS["v"], descending=descending, nulls_first=nulls_first) == told


def test_an_order_of_what_is_never_null_says_nothing_of_nulls() -> None:
    column = Column("i", "BIGINT", nullable=False)
    for dialect in ("postgres", "mysql"):
        assert Renderer(SOURCES[dialect], {"i": column}).sorted(column, descending=True, nulls_first=True) == '"i" DESC'


def test_floats_and_texts_of_other_rules_are_neither_ordered_nor_members() -> None:
    renderer = Renderer(SOURCES["clickhouse"], COLUMNS)
    for name in ("f", "w", "b"):
        with pytest.raises(No):
            renderer.sorted(COLUMNS[name], descending=False, nulls_first=False)
        with pytest.raises(No):
            renderer.member(COLUMNS[name])


@pytest.mark.parametrize(
    "text", ["l", "i = 5", "i < 5", "i IN (1)", "i IS NULL", "v ~~ 'a%'", "prefix(v, 'a')", "f > i"]
)
def test_nothing_is_told_that_the_table_of_the_source_does_not_list(text: str) -> None:
    (tree,) = conjuncts(text) or ()
    with pytest.raises(No):
        Renderer(Capabilities(dialect="postgres"), COLUMNS).condition(tree)
