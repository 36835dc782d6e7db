"""Cursors of SQL: DECLARE makes a portal, FETCH reads on in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lapwing.server.postgres.scan import BEFORE

_NAME = r'(?:"(?P<quoted>(?:[^"]|"")+)"|(?P<plain>\w+))'
_DECLARE = re.compile(
    rf"{BEFORE}declare\s+{_NAME}\s+(?:binary\s+|insensitive\s+|asensitive\s+|no\s+scroll\s+|scroll\s+)*cursor\s+"
    r"(?:(?P<hold>with|without)\s+hold\s+)?for\s+(?P<query>.*)",
    re.IGNORECASE | re.DOTALL,
)
_FETCH = re.compile(
    rf"{BEFORE}(?P<verb>fetch|move)\s+(?:forward\s+|next\s+)?(?P<count>\d+\s+|all\s+)?(?:from\s+|in\s+)?{_NAME}\s*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Declare:
    """`start` is where its query begins."""

    name: str
    query: str
    start: int
    held: bool


@dataclass(frozen=True, slots=True)
class Fetch:
    """`count` None: all that is left. `shown` is False for MOVE, which only skips."""

    name: str
    count: int | None
    shown: bool


def read(text: str) -> Declare | Fetch | None:
    """What a statement does to a cursor; None where it is another.

    >>> read("fetch forward 10 from c"), read('FETCH ALL IN "C"')
    (Fetch(name='c', count=10, shown=True), Fetch(name='C', count=None, shown=True))
    """
    if found := _DECLARE.fullmatch(text):
        held = (found["hold"] or "").lower() == "with"
        return Declare(_name(found), found["query"], found.start("query"), held)
    if found := _FETCH.fullmatch(text):
        count = (found["count"] or "1").strip().lower()
        return Fetch(_name(found), None if count == "all" else int(count), found["verb"].lower() == "fetch")
    return None


def _name(found: re.Match[str]) -> str:
    return found["quoted"].replace('""', '"') if found["quoted"] else found["plain"].lower()
