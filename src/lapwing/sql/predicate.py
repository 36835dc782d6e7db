"""Reads the engine's own text of a condition (from its plan) as a tree.

EXPLAIN writes operators that are no SQL (`~~` for LIKE); they are put back, outside of literals only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_LITERAL = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")")
_OPERATORS = (("!~~*", " NOT ILIKE "), ("~~*", " ILIKE "), ("~~~", " GLOB "), ("!~~", " NOT LIKE "), ("~~", " LIKE "))

MOST_ALTERNATIVES = 500
"""A tree of more takes seconds to be made, and no source is the faster for it."""


def conjuncts(text: str) -> tuple[exp.Expr, ...] | None:
    """The parts of a condition that must all hold; None where it can't be read."""
    if text.count(" OR ") > MOST_ALTERNATIVES:
        return None
    pieces = _LITERAL.split(text)
    for index in range(0, len(pieces), 2):
        for operator, words in _OPERATORS:
            pieces[index] = pieces[index].replace(f" {operator} ", words)
    try:
        tree = sqlglot.parse_one("".join(pieces), read="duckdb")
    except (SqlglotError, RecursionError):
        return None
    return tuple(_parts(tree)) if isinstance(tree, exp.Expr) else None


def named(text: str, names: Mapping[str, str]) -> str:
    """The text with stubs' column names replaced by the table's own."""
    pieces = _LITERAL.split(text)
    for index in range(0, len(pieces), 2):
        pieces[index] = re.sub(r"\w+", lambda word: names.get(word[0], word[0]), pieces[index])
    return "".join(pieces)


def _parts(tree: exp.Expr) -> list[exp.Expr]:
    tree = tree.unnest()
    if isinstance(tree, exp.And):
        return [part for side in (tree.left, tree.right) for part in _parts(side)]
    return [tree]
