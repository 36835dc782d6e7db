"""Conditions that choose values of dimensions, as SQL. Null is a value like others here: chosen it is kept, not chosen it
is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from lapwing.model.problem import WrongUse
from lapwing.sources.quote import identifier, text

Value = str | int | float | bool | date | Decimal | None


def choosing(dimension: str, values: Sequence[Value], *, exclude: bool = False) -> str:
    """Keeps the rows whose `dimension` has one of `values`; with `exclude` all the others.

    >>> choosing("origin", ["EWR", None])
    '("origin" in (\\'EWR\\') or "origin" is null)'

    Raises:
        WrongUse: a value that can't be filtered by.
    """
    name = identifier(dimension)
    known = ", ".join(literal(value) for value in values if value is not None)
    null = None in values
    if exclude:
        parts = [f"{name} not in ({known})"] if known else []
        kept = " and ".join([*parts, f"{name} is not null"]) if null else f"({name} is null or {name} not in ({known}))"
        return f"({kept})" if null and known else kept
    inside = f"{name} in ({known})" if known else ""
    if not null:
        return inside
    return f"({inside} or {name} is null)" if inside else f"{name} is null"


def literal(value: Value) -> str:
    """A value in SQL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if "\0" in value:
            raise WrongUse.of("bad-value", "A value to filter by holds a zero character.")
        return text(value)
    if isinstance(value, datetime):
        return f"{'timestamptz' if value.tzinfo else 'timestamp'} '{value.isoformat(' ')}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, float) and not math.isfinite(value):
        raise WrongUse.of("bad-value", f"{value} is no value to filter by.")
    return str(value) if isinstance(value, Decimal) else repr(value)
