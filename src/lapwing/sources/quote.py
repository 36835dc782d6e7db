"""Names and texts as SQL that every dialect here reads alike."""

from __future__ import annotations

from collections.abc import Iterable


def identifier(name: str) -> str:
    """A quoted name.

    >>> identifier("group")
    '"group"'
    """
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A quoted text.

    >>> text("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def select(wanted: Iterable[str], relation: str, where: str | None, limit: int | None) -> str:
    """A SELECT of these expressions; of none at all, so that rows can be counted, a number for each."""
    sql = f"SELECT {', '.join(wanted) or '1 AS one'} FROM {relation}"
    sql += f" WHERE {where}" if where else ""
    return sql if limit is None else f"{sql} LIMIT {limit}"
