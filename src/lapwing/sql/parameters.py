"""Parameters of a statement (`?`, or `$1`) filled in as SQL that can't be anything but a value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from lapwing.model.problem import WrongUse
from lapwing.sources.quote import text as quoted
from lapwing.sql.text import Edited, Letters, apply
from lapwing.sql.tokens import scanner

_MARKS = scanner(r"(?P<numbered>(?<![\w$])\$\d{1,5}(?!\w)) | (?P<next>\?)")


def found(text: str) -> list[tuple[int, int, int]]:
    """Number (from 0), and first and last character, of each parameter.

    >>> found("select '?', ? -- ?")
    [(0, 12, 13)]
    """
    marks = [mark for mark in _MARKS.finditer(text) if mark.lastgroup in ("numbered", "next")]
    kinds = {mark.lastgroup for mark in marks}
    if len(kinds) > 1:
        raise WrongUse.of("bad-parameter", "Parameters are either all ? or all numbered.", hint="Write $1, $2, ...")
    numbers = (int(mark[0][1:]) - 1 if mark.lastgroup == "numbered" else at for at, mark in enumerate(marks))
    return [(number, *mark.span()) for number, mark in zip(numbers, marks, strict=True)]


def count(text: str) -> int:
    """How many values a statement needs."""
    return max((number + 1 for number, _, _ in found(text)), default=0)


def filled(text: str, values: Sequence[Any]) -> Edited:
    """The statement with its values; it knows where in the original everything was.

    Raises:
        WrongUse: there are more or fewer than it needs, or one is of no type that SQL has.
    """
    marks = found(text)
    needed = max((number + 1 for number, _, _ in marks), default=0)
    if needed != len(values) or any(number < 0 for number, _, _ in marks):
        says = f"The statement has {needed} parameters, and {len(values)} values were given."
        raise WrongUse.of("bad-parameter", says, hint="Give one value for each ? or $N; $1 is the first.")
    letters = Letters(text)
    return apply(text, tuple(letters.edit(start, end, literal(values[number])) for number, start, end in marks))


def literal(value: Any) -> str:
    """A value of Python as SQL. Numbers and texts stay plain, so that filters of metrics take them, too.

    >>> literal("it's"), literal(Decimal("1.50")), literal([1, None])
    ("'it''s'", '1.50', '[1, NULL]')

    Raises:
        WrongUse: it is of no type that SQL has.
    """
    if hasattr(value, "item"):  # a number of NumPy's
        value = value.item()
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return f"[{', '.join(literal(one) for one in value)}]"
    said = _number(value) or _moment(value) or _other(value)
    if said is None:
        raise WrongUse.of("bad-parameter", f"A value of type {type(value).__name__} can't be a parameter.")
    return said


def _number(value: Any) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(int(value)) if value >= 0 else f"({int(value)})"
        case float():
            return f"CAST({float(value)!r} AS DOUBLE)" if math.isfinite(value) else f"CAST('{float(value)}' AS DOUBLE)"
        case Decimal() if value.is_finite():
            return f"{value:f}" if value >= 0 else f"({value:f})"
    return None


def _moment(value: Any) -> str | None:
    match value:
        case datetime():
            kind = "TIMESTAMP" if value.tzinfo is None else "TIMESTAMPTZ"
            return f"{kind} '{value.isoformat(' ')}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case time() if value.tzinfo is None:
            return f"TIME '{value.isoformat()}'"
        case timedelta():
            return f"to_microseconds(({value // timedelta(microseconds=1)}))"
    return None


def _other(value: Any) -> str | None:
    match value:
        case str() if "\0" not in value:
            return quoted(value)
        case bytes() | bytearray():
            return f"unhex('{bytes(value).hex()}')"
        case UUID():
            return f"CAST('{value}' AS UUID)"
    return None
