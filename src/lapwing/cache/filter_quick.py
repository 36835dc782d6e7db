"""Reads the filters asked most, `name = 'text'` and `"name" in ('text', …)` joined by AND, without the parser, which takes
longer than all the rest of a cached answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from lapwing.cache.predicate import And, In, Predicate

_TEXT: Final = r"'[^'\\]*'"
_TERM: Final = re.compile(
    rf"\s*(?:([A-Za-z_][A-Za-z_0-9]*)|\"([^\"]+)\")\s*(?:=\s*({_TEXT})|\bin\s*\(\s*({_TEXT}(?:\s*,\s*{_TEXT})*)\s*\))\s*",
    re.ASCII | re.IGNORECASE,
)
_AND: Final = re.compile(r"and\b", re.ASCII | re.IGNORECASE)
_TEXTS: Final = re.compile(_TEXT)


def read_quickly(sql: str, dimensions: Mapping[str, str]) -> Predicate | None:
    """What the parser makes of `sql`, or None where it has to be asked.

    >>> read_quickly("shop = 'a' and size > 1", {"shop": "VARCHAR", "size": "INTEGER"}) is None
    True
    """
    terms: list[Predicate] = []
    at = 0
    while (term := _TERM.match(sql, at)) and dimensions.get(name := term[1] or term[2]) == "VARCHAR":
        terms.append(In(name, tuple(text[1:-1] for text in _TEXTS.findall(term[3] or term[4]))))
        if term.end() == len(sql):
            return terms[0] if len(terms) == 1 else And(tuple(terms))
        following = _AND.match(sql, term.end())
        if following is None:
            return None
        at = following.end()
    return None
