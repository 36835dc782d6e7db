"""PostgreSQL's types as the engine's, and how a column travels through ADBC."""

from __future__ import annotations

import re

from lapwing.sources.base import Column
from lapwing.sources.quote import identifier
from lapwing.sources.types import decimal_of

_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)\Z")
_SAME = {
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double precision": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "text": "VARCHAR",
    "bytea": "BLOB",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
}


def column_of(name: str, kind: str, nullable: bool, scale: int | None = None, distinct: float | None = None) -> Column:
    """The column for a type as `format_type` writes it. `scale`: the largest one in use in a bare numeric.

    Text-like types that compare by their own rules (uuid, enum, char(n), json, arrays, ...) travel as text and are not
    compared at the source.
    """
    kind = re.sub(r"\((\d+)\)(?= with)", "", kind)  # timestamp(3) with time zone
    if match := _NUMERIC.match(kind):
        precision, digits = int(match[1]), int(match[2])
        return Column(
            name, f"DECIMAL({precision},{digits})" if precision <= 38 else "DOUBLE", nullable, distinct=distinct
        )
    if kind == "numeric":
        return Column(name, "DOUBLE" if scale is None else f"DECIMAL(38,{scale})", nullable, distinct=distinct)
    if kind in _SAME:
        return Column(name, _SAME[kind], nullable, distinct=distinct)
    if kind.startswith("character varying"):
        return Column(name, "VARCHAR", nullable, distinct=distinct)
    return Column(name, "VARCHAR", nullable, exact_text=False, distinct=distinct)


def transport(column: Column) -> str:
    """How a column is selected so that its values travel exactly: numeric as scaled whole numbers or as text."""
    name = identifier(column.name)
    if decimal := decimal_of(column.type):
        return f"({name} * 1e{decimal[1]})::bigint" if decimal[0] <= 18 else f"{name}::text"
    if column.type == "VARCHAR" and not column.exact_text:
        return f"{name}::text"
    return f"{name}::float8" if column.type == "DOUBLE" else name
