"""Filters chosen in a page as an SQL condition over dimensions."""

from __future__ import annotations

from collections.abc import Sequence

from lapwing.query.choose import choosing
from lapwing.server.documents.asked import FilterBody


def where(condition: str | None, filters: Sequence[FilterBody]) -> str | None:
    """All of them together; None where there is nothing to keep out.

    >>> where("hour > 5", [FilterBody(dimension="origin", values=["EWR"])])
    '(hour > 5) and "origin" in (\\'EWR\\')'
    """
    parts = [f"({condition})"] if condition and condition.strip() else []
    parts += [choosing(each.dimension, each.values, exclude=each.exclude) for each in filters]
    return " and ".join(parts) or None
