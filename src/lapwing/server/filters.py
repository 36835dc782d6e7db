"""Filters chosen in a page as an SQL condition over dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lapwing.model.problem import WrongUse
from lapwing.server.documents.asked import FilterBody
from lapwing.server.documents.base import Value


def where(condition: str | None, filters: Sequence[FilterBody]) -> str | None:
    """All of them together; None where there is nothing to keep out.

    >>> where("hour > 5", [FilterBody(dimension="origin", values=["EWR"])])
    '(hour > 5) and "origin" in (\\'EWR\\')'
    """
    parts = [f"({condition})"] if condition and condition.strip() else []
    parts += [_one(each) for each in filters]
    return " and ".join(parts) or None


def _one(chosen: FilterBody) -> str:
    """Null is a value like others here: chosen it is kept, not chosen it is not."""
    name = '"' + chosen.dimension.replace('"', '""') + '"'
    known = ", ".join(_literal(value) for value in chosen.values if value is not None)
    null = None in chosen.values
    if chosen.exclude:
        parts = [f"{name} not in ({known})"] if known else []
        kept = " and ".join([*parts, f"{name} is not null"]) if null else f"({name} is null or {name} not in ({known}))"
        return f"({kept})" if null and known else kept
    inside = f"{name} in ({known})" if known else ""
    if not null:
        return inside
    return f"({inside} or {name} is null)" if inside else f"{name} is null"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if "\0" in value:
            raise WrongUse.of("bad-value", "A value to filter by holds a zero character.")
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, float) and not math.isfinite(value):
        raise WrongUse.of("bad-value", f"{value} is no value to filter by.")
    return repr(value)
