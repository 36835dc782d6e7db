"""What another engine might answer otherwise is not written for it, and the rest is: each guard has a statement that needs it."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from tests.sql.conftest import FIXTURES

from lapwing.sql.capability import No
from lapwing.sql.whole.bigquery import BigQuerySpeech
from lapwing.sql.whole.queries import Queries, Relation
from lapwing.sql.whole.speech import Speech
from lapwing.sql.whole.values import column_value

TYPES = {
    "t": {
        "id": "BIGINT",
        "i": "BIGINT",
        "v": "VARCHAR",
        "w": "VARCHAR",
        "f": "DOUBLE",
        "n": "DECIMAL(10,3)",
        "d": "DATE",
        "t": "TIMESTAMP",
        "z": "TIMESTAMP WITH TIME ZONE",
        "l": "BOOLEAN",
        "c": "UUID",
        "r": "FLOAT",
    },
    "b": {"n": "BIGINT", "g": "BIGINT"},
}
TABLES = {
    name: Relation(name, {column: column_value(str, name, column, kind) for column, kind in columns.items()})
    for name, columns in TYPES.items()
}
SCHEMA: dict[str, object] = {name: dict.fromkeys(columns, "UNKNOWN") for name, columns in TYPES.items()}
REFUSED = [
    line.rsplit(" -- ", 1)
    for line in (FIXTURES / "whole_refused.sql").read_text().splitlines()
    if not line.startswith("--")
]
_LINES = (FIXTURES / "whole_written.sql").read_text().splitlines()[1:]
WRITTEN = list(zip(_LINES[::2], _LINES[1::2], strict=True))


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_it_is_not_written(text: str, why: str) -> None:
    with pytest.raises(No) as told:
        written(text, Speech())
    assert why in str(told.value)


@pytest.mark.parametrize(("text", "told"), WRITTEN)
def test_it_is_written(text: str, told: str) -> None:
    where, _, sql = told.partition(" ")
    assert written(text, {"->": Speech(), "bq>": BigQuerySpeech()}[where]) == sql


def test_an_outer_join_without_an_equality_is_not_for_bigquery() -> None:
    for on in ("a.id < b.n", "a.id = 3", "b.n = 3", "a.id = a.i", "b.n = b.g", "a.id + b.n = 3"):
        with pytest.raises(No, match="without an equality of both sides"):
            written(f"select a.id from t a left join b on {on}", BigQuerySpeech())
    assert " JOIN " in written("select a.id from t a join b on a.id < b.n", BigQuerySpeech())


def test_moments_are_those_of_utc() -> None:
    with pytest.raises(No, match="a text as a moment of Asia/Tokyo"):
        written("select id from t where z >= '2020-01-01'", BigQuerySpeech(), "Asia/Tokyo")
    with pytest.raises(No, match="a text against a time"):
        written("select id from t where t >= '2020-01-01 00:00:00+00'", BigQuerySpeech())


def test_digits_that_are_not_known_are_not_multiplied_by_bigquery() -> None:
    both = "(select n from t union all select 1.5 as n from t) x"
    with pytest.raises(No, match="a product whose digits are not known"):
        written(f"select coalesce(x.n, 1.5) * 2.5 as y from {both}", BigQuerySpeech())


def test_the_result_has_the_names_and_types_that_are_asked() -> None:
    casts = [("c0", "CAST({} AS bigint)"), ("c1", "{}")]
    one = Queries(Speech(), "UTC", TABLES).query(parsed("select id, i as id from t"), casts=casts)[0]
    assert one == 'SELECT CAST("t"."id" AS bigint) AS "c0", "t"."i" AS "c1" FROM t AS "t"'
    both = Queries(Speech(), "UTC", TABLES).query(parsed("select id, i from t union select n, g from b"), casts=casts)[
        0
    ]
    assert both.startswith('SELECT CAST("id" AS bigint) AS "c0", "i" AS "c1" FROM ((')


def written(text: str, speech: Speech, zone: str = "UTC") -> str:
    return Queries(speech, zone, TABLES).query(parsed(text))[0]


def parsed(text: str) -> exp.Expr:
    tree = sqlglot.parse_one(text, read="duckdb")
    return qualify(tree, schema=SCHEMA, dialect="duckdb", validate_qualify_columns=False)
