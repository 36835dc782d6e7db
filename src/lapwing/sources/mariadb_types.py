"""MariaDB's and MySQL's types as the engine's, and how a column travels: as the text that the server writes of it."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from lapwing.sources.base import Column
from lapwing.sources.quote import identifier
from lapwing.sources.types import arrow_type

_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_BITS = re.compile(r"bit\((\d+)\)")
_WHOLE = {
    "tinyint": ("TINYINT", "UTINYINT"),
    "smallint": ("SMALLINT", "USMALLINT"),
    "mediumint": ("INTEGER", "UINTEGER"),
    "int": ("INTEGER", "UINTEGER"),
    "bigint": ("BIGINT", "UBIGINT"),
}
_SAME = {
    "year": "SMALLINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext"), "VARCHAR"),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), "BLOB"),
    **dict.fromkeys(("geometry", "point", "linestring", "polygon", "geometrycollection"), "BLOB"),
    **dict.fromkeys(("multipoint", "multilinestring", "multipolygon"), "BLOB"),
}


def column_of(name: str, kind: str, full: str, nullable: bool) -> Column:
    """The column for a type as information_schema tells it: `kind` is DATA_TYPE, `full` COLUMN_TYPE.

    What the engine has no exact type for (times of more than a day, decimals of more than 38 digits, enum, set, json, uuid,
    ...) travels as text and is not compared at the source.
    """
    if kind in _WHOLE:
        if full.startswith("tinyint(1)") and "unsigned" not in full:
            return Column(name, "BOOLEAN", nullable)
        return Column(name, _WHOLE[kind]["unsigned" in full], nullable)
    if match := _DECIMAL.match(full):
        precision, scale = int(match[1]), int(match[2])
        if precision <= 38:
            return Column(name, f"DECIMAL({precision},{scale})", nullable)
    if match := _BITS.match(full):
        return Column(name, "BOOLEAN" if match[1] == "1" else "UBIGINT", nullable)
    if kind in _SAME:
        return Column(name, _SAME[kind], nullable)
    return Column(name, "VARCHAR", nullable, exact_text=False)


def misfit(column: Column) -> str | None:
    """A condition that holds for rows whose value is none of the column's type, where there may be some: other numbers in a
    BOOLEAN, the day 0 in a date."""
    name = identifier(column.name)
    if column.type == "BOOLEAN":
        return f"{name} NOT IN (0, 1)"
    if column.type in ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
        return f"(YEAR({name}) = 0 OR MONTH({name}) = 0 OR DAYOFMONTH({name}) = 0)"
    return None


def without_misfits(column: Column) -> Column:
    """The column where some values are misfits."""
    if column.type == "BOOLEAN":
        return Column(column.name, "TINYINT", column.nullable)
    return Column(column.name, "VARCHAR", column.nullable, exact_text=False)


def transport(column: Column) -> str:
    """How a column is selected so that its text is exact. That of a FLOAT has six digits, unless it is asked as a DOUBLE."""
    name = identifier(column.name)
    match column.type:
        case "FLOAT":
            return f"CAST({name} AS DOUBLE)"
        case "BOOLEAN" | "UBIGINT" | "SMALLINT":  # bits and years
            return f"{name} + 0"
        case "VARCHAR" if not column.exact_text:
            return f"CAST({name} AS CHAR)"
    return name


def column_array(values: tuple[str | bytes | None, ...], engine_type: str) -> pa.Array:
    """The values of a column from their texts (bytes, where the server made them so).

    Raises:
        pyarrow.ArrowInvalid: one has no place in the type.
    """
    wanted = arrow_type(engine_type)
    if pa.types.is_binary(wanted):
        return pa.array([value.encode() if isinstance(value, str) else value for value in values], wanted)
    texts = pa.array(values, pa.binary()).cast(pa.string())
    if pa.types.is_timestamp(wanted) and wanted.tz:
        return pc.assume_timezone(pc.cast(texts, pa.timestamp("us")), "UTC")
    return pc.cast(texts, wanted)
