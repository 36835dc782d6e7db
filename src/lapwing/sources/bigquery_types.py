"""Types of BigQuery: what each is to the engine, and what has to be done to read it as that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lapwing.sources.base import Column
from lapwing.states.dialects import dialect_of

_LEGACY: Final = {
    "INTEGER": "INT64",
    "FLOAT": "FLOAT64",
    "BOOLEAN": "BOOL",
    "RECORD": "STRUCT",
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
}
_ENGINE: Final = {
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "BOOL": "BOOLEAN",
    "STRING": "VARCHAR",
    "BYTES": "BLOB",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMP WITH TIME ZONE",
    "JSON": "VARCHAR",
    "GEOGRAPHY": "VARCHAR",
}
_TEXTS: Final = {
    "JSON": "TO_JSON_STRING({})",
    "GEOGRAPHY": "ST_ASTEXT({})",
    "BIGNUMERIC": "CAST({} AS STRING)",
    "INTERVAL": "CAST({} AS STRING)",
    "RANGE": "CAST({} AS STRING)",
}
"""How types without a like in the engine are written as text; lists and structures become JSON."""
_AS_JSON: Final = "TO_JSON_STRING({})"
_DIGITS, _SCALE = 38, 9


@dataclass(frozen=True, slots=True)
class Field:
    """A column with the SQL that reads it, None where it is read as it is."""

    column: Column
    sql: str | None


def field_of(told: Mapping[str, Any]) -> Field:
    """A column as the REST API tells it (a TableFieldSchema)."""
    name, mode = told["name"], told.get("mode", "NULLABLE")
    kind = _LEGACY.get(told["type"].upper(), told["type"].upper())
    quoted = dialect_of("bigquery").quote(name)
    nullable = mode != "REQUIRED"
    if mode == "REPEATED" or kind == "STRUCT":
        return Field(
            Column(name, "VARCHAR", nullable and mode != "REPEATED", exact_text=False), _AS_JSON.format(quoted)
        )
    if kind in ("NUMERIC", "BIGNUMERIC") and (engine := _decimal(kind, told)):
        return Field(Column(name, engine, nullable), None)
    if kind in _TEXTS or kind not in _ENGINE:
        text = _TEXTS.get(kind, _AS_JSON).format(quoted)
        return Field(Column(name, "VARCHAR", nullable, exact_text=False), text)
    exact = not told.get("collation")
    return Field(Column(name, _ENGINE[kind], nullable, exact_text=exact), None)


def _decimal(kind: str, told: Mapping[str, Any]) -> str | None:
    """The engine's decimal, None for one of more digits than it has."""
    digits, scale = told.get("precision"), told.get("scale")
    if digits is None:
        return f"DECIMAL({_DIGITS},{_SCALE})" if kind == "NUMERIC" else None
    return f"DECIMAL({int(digits)},{int(scale or 0)})" if int(digits) <= _DIGITS else None
