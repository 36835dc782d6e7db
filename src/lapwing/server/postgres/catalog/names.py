"""The engine's names of types as PostgreSQL's types, and back."""

from __future__ import annotations

import re

from lapwing.server.postgres import types
from lapwing.server.postgres.types import BY_OID, ELEMENTS, PgType

_NAMES = {
    "BOOLEAN": types.BOOL, "TINYINT": types.INT2, "SMALLINT": types.INT2, "UTINYINT": types.INT2, "INTEGER": types.INT4,
    "USMALLINT": types.INT4, "BIGINT": types.INT8, "UINTEGER": types.INT8, "UBIGINT": types.NUMERIC,
    "HUGEINT": types.NUMERIC, "UHUGEINT": types.NUMERIC, "FLOAT": types.FLOAT4, "DOUBLE": types.FLOAT8,
    "VARCHAR": types.TEXT, "BLOB": types.BYTEA, "DATE": types.DATE, "TIME": types.TIME, "INTERVAL": types.INTERVAL,
    "UUID": types.UUID, "JSON": types.JSON, "TIMESTAMP WITH TIME ZONE": types.TIMESTAMPTZ, "DECIMAL": types.NUMERIC,
    "NUMERIC": types.NUMERIC, "TEXT": types.TEXT, "INT": types.INT4, "TIMESTAMPTZ": types.TIMESTAMPTZ,
    "STRING": types.TEXT,
}  # fmt: skip
_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\((\d+), ?(\d+)\)")
_ENGINE = {
    types.BOOL: "BOOLEAN", types.INT2: "SMALLINT", types.INT4: "INTEGER", types.INT8: "BIGINT", types.OID: "BIGINT",
    types.FLOAT4: "FLOAT", types.FLOAT8: "DOUBLE", types.NUMERIC: "DECIMAL(38, 9)", types.BYTEA: "BLOB",
    types.DATE: "DATE", types.TIME: "TIME", types.TIMESTAMP: "TIMESTAMP", types.INTERVAL: "INTERVAL",
    types.TIMESTAMPTZ: "TIMESTAMP WITH TIME ZONE", types.UUID: "UUID",
}  # fmt: skip


def of_engine(name: str) -> tuple[PgType, int]:
    """The type and its modifier.

    >>> [(one.name, more) for one, more in map(of_engine, ["DECIMAL(12,2)", "VARCHAR[]", "TIMESTAMP_NS"])]
    [('numeric', 786438), ('_text', -1), ('timestamp', -1)]
    """
    if name.endswith("[]"):
        element, _ = of_engine(name[:-2])
        return BY_OID.get(element.array, types.JSON), -1
    if found := _DECIMAL.fullmatch(name.upper()):
        return types.NUMERIC, ((int(found[1]) << 16) | int(found[2])) + 4
    if name.upper().startswith("TIMESTAMP") and "WITH" not in name.upper() and name.upper() != "TIMESTAMPTZ":
        return types.TIMESTAMP, -1
    return _NAMES.get(name.upper(), types.TEXT if name.startswith("ENUM") else types.JSON), -1


def to_engine(kind: PgType) -> str | None:
    """What the engine calls the type; None for texts, which it reads as whatever stands beside them."""
    if kind.oid in ELEMENTS:
        return f"{to_engine(ELEMENTS[kind.oid]) or 'VARCHAR'}[]"
    return _ENGINE.get(kind)
