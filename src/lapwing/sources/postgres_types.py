"""PostgreSQL's types as the engine's, and how a column travels through ADBC."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

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
    "time without time zone": "TIME",
    "interval": "INTERVAL",
}
# The driver counts from 1970 where the server does from 2000, and infinity with it, beyond what the type holds. What comes
# of that is millions of years before the first day that PostgreSQL has.
_INFINITE = {
    pa.int32(): ((-2_147_472_692, 2_147_483_647), (-2_147_472_691, -2_147_483_647)),
    pa.int64(): (
        (-9_222_425_352_054_775_809, 9_223_372_036_854_775_807),
        (-9_222_425_352_054_775_808, -9_223_372_036_854_775_807),
    ),
}


def column_of(name: str, kind: str, nullable: bool, scale: int | None = None, distinct: float | None = None) -> Column:
    """The column for a type as `format_type` writes it. `scale`: the largest one in use in a bare numeric.

    Text-like types that compare by their own rules (uuid, enum, char(n), json, arrays, ...) travel as text and are not
    compared at the source; so do times with a zone, which Arrow has not.
    """
    kind = re.sub(r"\((\d+)\)(?= with)", "", kind)  # timestamp(3) with time zone
    kind = "interval" if kind.startswith("interval") else kind
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
    if column.type == "INTERVAL":
        return f"replace({name}::text, '+', '')"  # a sign that the engine does not read
    return f"{name}::float8" if column.type == "DOUBLE" else name


def with_infinity(batch: pa.RecordBatch) -> pa.RecordBatch:
    """What the driver sent, with infinite dates and times as the engine has them."""
    return pa.RecordBatch.from_arrays([_with_infinity(one) for one in batch.columns], schema=batch.schema)


def _with_infinity(array: pa.Array) -> pa.Array:
    if not (pa.types.is_date32(array.type) or pa.types.is_timestamp(array.type)):
        return array
    numbers = array.view(pa.int32() if pa.types.is_date32(array.type) else pa.int64())
    for sent, meant in _INFINITE[numbers.type]:
        found = pc.equal(numbers, sent)
        if pc.any(found).as_py():
            numbers = pc.if_else(found, pa.scalar(meant, numbers.type), numbers)
    return numbers.view(array.type)
