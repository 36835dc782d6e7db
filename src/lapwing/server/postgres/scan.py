"""The text of statements, read just well enough to part them and to find their parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKENS = re.compile(
    r"""
      [eE]'(?:[^'\\]|\\.|'')*'?          # text with escapes
    | '(?:[^']|'')*'?                    # text
    | "(?P<dotted>[^"\s]+\.[^"\s]+)"(?=\s*\.)  # schemas of a source that is not its own
    | "(?:[^"]|"")*"?                    # names
    | --[^\n]*                           # comments
    | /\*.*?(?:\*/|\Z)
    | \$(?P<tag>[^\W\d]\w*|)\$.*?(?:\$(?P=tag)\$|\Z)  # text in dollars
    | (?<![\w$])\$(?P<parameter>[1-9]\d{0,4})(?!\w)
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One statement of a text, which begins at character `start` of it."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """`$number`, characters `start` to `end`."""

    number: int
    start: int
    end: int


def parts(text: str) -> list[Part]:
    """The statements between semicolons; those of blanks and comments alone are left out.

    >>> [part.text for part in parts("select ';'; -- one\\n;select 2")]
    ["select ';'", 'select 2']
    """
    begins, found = 0, []
    ends = [token.start() for token in _TOKENS.finditer(text) if token["end"]]
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
    return re.sub(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))+", "", text, flags=re.DOTALL).strip()


def parameters(text: str) -> Iterator[Parameter]:
    """Where the parameters stand, in order.

    >>> [one.number for one in parameters("select $2, '$1', $$ $3 $$, $1")]
    [2, 1]
    """
    for token in _TOKENS.finditer(text):
        if token["parameter"]:
            yield Parameter(int(token["parameter"]), token.start(), token.end())


def dotted(text: str) -> Iterator[tuple[str, int, int]]:
    """Quoted names with a dot inside that qualify others, with where they begin and end.

    >>> list(dotted('select * from "shop.sales"."orders"'))
    [('shop.sales', 14, 26)]
    """
    for token in _TOKENS.finditer(text):
        if token["dotted"]:
            yield token["dotted"], token.start(), token.end()
