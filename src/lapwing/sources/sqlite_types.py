"""What a declared type means in SQLite, which values do not fit it, and how a column travels."""

from __future__ import annotations

import re

from lapwing.sources.base import Column
from lapwing.sources.quote import identifier
from lapwing.sources.types import decimal_of

_NUMERIC = re.compile(r"(?:DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)")
_DAY = "[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]"
_MOMENT = f"{_DAY}[ T][0-2][0-9]:[0-5][0-9]:[0-5][0-9]"


def declared_type(text: str) -> str:
    """The engine's type for a declared one; SQLite accepts any words, so their sense is taken.

    >>> declared_type("varchar(30)"), declared_type("decimal(12, 2)"), declared_type("int")
    ('VARCHAR', 'DECIMAL(12,2)', 'BIGINT')
    """
    words = text.upper().strip()
    if (match := _NUMERIC.match(words)) and int(match[1]) <= 18:
        return f"DECIMAL({int(match[1])},{int(match[2])})"
    if "INT" in words:
        return "BIGINT"
    if any(word in words for word in ("REAL", "FLOA", "DOUB")):
        return "DOUBLE"
    if words in ("BOOLEAN", "BOOL", "DATE"):
        return "DATE" if words == "DATE" else "BOOLEAN"
    if words in ("TIMESTAMP", "DATETIME"):
        return "TIMESTAMP"
    return "BLOB" if words == "BLOB" else "VARCHAR"


def misfit(column: Column) -> str:
    """A condition that is 1 for values that are no `column.type`, else 0 or null."""
    name = identifier(column.name)
    fits = {
        "BIGINT": f"typeof({name}) = 'integer'",
        "DOUBLE": f"typeof({name}) in ('real', 'integer')",
        "BOOLEAN": f"{name} in (0, 1) and typeof({name}) = 'integer'",
        "DATE": f"typeof({name}) = 'text' and {name} glob '{_DAY}' and strftime('%Y-%m-%d', {name}) is {name}",
        "TIMESTAMP": (
            f"typeof({name}) = 'text' and ({name} glob '{_MOMENT}' or {name} glob '{_MOMENT}.*[0-9]' and"
            f" substr({name}, 21) not glob '*[^0-9]*' and length({name}) <= 26)"
            f" and strftime('%Y-%m-%d %H:%M:%S', substr({name}, 1, 19)) is replace(substr({name}, 1, 19), 'T', ' ')"
        ),
        "BLOB": f"typeof({name}) = 'blob'",
        "VARCHAR": f"typeof({name}) = 'text'",
    }
    if decimal := decimal_of(column.type):
        scaled = f"{name} * 1e{decimal[1]}"
        fit = f"typeof({name}) in ('real', 'integer') and abs({scaled} - round({scaled})) < 1e-4"
    else:
        fit = fits[column.type]
    return f"({name} is not null and not ({fit}))"


def transport(column: Column) -> str:
    """How a column is selected so that its values travel exactly; `first_value` has the same storage class."""
    # A name in double quotes that is no column's is a text in SQLite, so one that is gone would be read as its own name.
    name = f"`{column.name.replace('`', '``')}`"
    if decimal := decimal_of(column.type):
        return f"CAST(round({name} * 1e{decimal[1]}) AS INTEGER)"
    if column.type == "DOUBLE":
        return f"CAST({name} AS REAL)"
    if column.type == "VARCHAR" and not column.exact_text:
        return f"CAST({name} AS TEXT)"
    return name


def first_value(column: Column) -> str:
    """A value of the storage class in which the column travels."""
    if decimal_of(column.type) or column.type in ("BIGINT", "BOOLEAN"):
        return "0"
    return {"DOUBLE": "0.0", "BLOB": "x'00'"}.get(column.type, "'-'")
