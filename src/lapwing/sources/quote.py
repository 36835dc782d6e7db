"""Names and texts as SQL that every dialect here reads alike."""

from __future__ import annotations


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
