"""The text of statements, read just well enough to part them and to find their parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lapwing.sql.tokens import scanner

_SIGNS = scanner(
    r"""
      "(?P<dotted>[^"\s]++)"(?=\s*\.)                # may be a schema of a source that is not its own
    | (?<![\w$])\$(?P<parameter>[1-9]\d{0,4})(?!\w)
    | (?P<moment>(?<![\w$."])(?i:to_(?:date|timestamp))\s*\(\s*'[^']*'\s*,\s*'[^']*'\s*\))
    | (?P<to_char>(?<![\w$."])(?i:to_char)(?=\s*\())
    | (?P<at>(?<![\w$])(?i:at)(?![\w$]))(?!\s*(?:\(|(?i:time\s+zone|local)\b))
    | (?P<end>;)
    """
)
BEFORE = r"(?:\s++|--[^\n]*+(?:\n|\Z)|/\*.*?(?:\*/|\Z))*+"
"""Blanks and comments before a statement, for patterns that also find line ends by a dot. Never given back: trying them in
other portions would take twice as long for each blank more."""
_KINDS = ("parameter", "dotted", "at", "moment", "to_char", "end")


@dataclass(frozen=True, slots=True)
class Part:
    """One statement of a text, which begins at character `start` of it."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Token:
    """Something that is not always taken as it is written, characters `start` to `end`. `kind`: parameter ($1); dotted, a quoted
    name with a dot inside that qualifies others; at, that word where it is a name; moment, a call of to_date or to_timestamp
    with two texts; to_char, the name in a call of it; end, a semicolon."""

    kind: str
    text: str
    start: int
    end: int


def parts(text: str) -> list[Part]:
    """The statements between semicolons; those of blanks and comments alone are left out.

    >>> [part.text for part in parts("select ';'; -- one\\n;select 2")]
    ["select ';'", 'select 2']
    """
    begins, found = 0, []
    ends = [token.start for token in tokens(text) if token.kind == "end"]
    for end in [*ends, len(text)]:
        part = text[begins:end]
        if bare(part):
            found.append(Part(part, begins))
        begins = end + 1
    return found


def bare(text: str) -> str:
    """The text without blanks at its sides, and comments before it.

    >>> bare(" /* who */ select 1 -- so")
    'select 1 -- so'
    """
    return re.sub(rf"\A{BEFORE}", "", text, flags=re.DOTALL).strip()


def tokens(text: str) -> Iterator[Token]:
    r"""In their order; what stands in texts, names and comments is none.

    >>> text = "select at, $2, '$1' from \"shop.sales\".t where b at time zone 'UTC' > at"
    >>> [(one.kind, one.text) for one in tokens(text)]
    [('at', 'at'), ('parameter', '$2'), ('dotted', '"shop.sales"'), ('at', 'at')]
    """
    for found in _SIGNS.finditer(text):
        kind = found.lastgroup
        if kind in _KINDS and (kind != "dotted" or "." in found[0][2:-2]):
            yield Token(kind, found[0], *found.span())
