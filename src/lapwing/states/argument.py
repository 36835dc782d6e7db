"""The type of a measure's argument, as states see it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    BOOLEAN = "boolean"
    TEXT = "text"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Argument:
    """`bits` of an integer (its sign is one of them); `digits` and `scale` of a decimal; `name` as people know it."""

    kind: Kind
    name: str
    bits: int = 0
    digits: int = 0
    scale: int = 0


_INTEGER_BITS: Final = {
    "TINYINT": 8,
    "SMALLINT": 16,
    "INTEGER": 32,
    "BIGINT": 64,
    "HUGEINT": 128,
    "UTINYINT": 9,
    "USMALLINT": 17,
    "UINTEGER": 33,
    "UBIGINT": 65,
}
_KINDS: Final = {
    "FLOAT": Kind.FLOAT,
    "REAL": Kind.FLOAT,
    "DOUBLE": Kind.FLOAT,
    "DATE": Kind.DATE,
    "TIMESTAMP": Kind.TIMESTAMP,
    "TIMESTAMP_S": Kind.TIMESTAMP,
    "TIMESTAMP_MS": Kind.TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": Kind.TIMESTAMPTZ,
    "TIMESTAMPTZ": Kind.TIMESTAMPTZ,
    "BOOLEAN": Kind.BOOLEAN,
    "VARCHAR": Kind.TEXT,
}
_DECIMAL: Final = re.compile(r"(?:DECIMAL|NUMERIC)\((\d+),\s*(\d+)\)\Z")


def argument_of(engine_type: str) -> Argument:
    """The argument for the engine's name of its type, such as BIGINT or DECIMAL(12,2).

    >>> argument_of("DECIMAL(12,2)").scale
    2
    """
    name = engine_type.strip().upper()
    if name in _INTEGER_BITS:
        return Argument(Kind.INTEGER, name, bits=_INTEGER_BITS[name])
    if match := _DECIMAL.match(name):
        return Argument(Kind.DECIMAL, name, digits=int(match[1]), scale=int(match[2]))
    return Argument(_KINDS.get(name, Kind.OTHER), name)
