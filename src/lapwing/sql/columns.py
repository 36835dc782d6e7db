"""Puts the table's name before each bare column of an expression, so that joins can't make it mean another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lapwing.model.names import nearest
from lapwing.model.problem import ModelError, Place, Problem
from lapwing.sources.quote import identifier
from lapwing.sources.quote import text as text_literal
from lapwing.sql.parse import _Walk
from lapwing.sql.text import Edit, apply

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

SELECT = "SELECT "


def qualify(
    expression: str, *, base: str, columns: Mapping[str, tuple[str, ...]], place: Place | None, cursor: Cursor
) -> str:
    """`expression` with its columns qualified. `columns` are those of each table of the dataset by name; bare ones
    belong to `base`.

    Raises:
        ModelError: it does not parse, is more than an expression, or names an unknown column or table.
    """
    text = f"{SELECT}{expression}"
    rows = cursor.table(f"SELECT json_serialize_sql({text_literal(text)}) AS tree")
    answer = json.loads(rows["tree"][0].as_py())
    if answer["error"]:
        raise ModelError(Problem("syntax", f"`{expression}` does not parse: {answer['error_message']}.", place))
    select = answer["statements"][0]["node"]
    if len(answer["statements"]) != 1 or not _is_expression(select):
        raise ModelError(Problem("not-an-expression", f"`{expression}` is not one expression.", place))
    walk = _Walk(text)
    walk.visit(select["select_list"], frozenset())
    problems = [Problem(one.code, f"{one.message} (in `{expression}`)", place) for one in walk.problems]
    if walk.references:
        problems.append(Problem("not-an-expression", f"`{expression}` may not read other tables.", place))
    lambdas = set(_lambda_names(select["select_list"]))
    edits = []
    for node in walk.columns:
        names = [str(name) for name in node["column_names"]]
        problem, edit = _resolved(names, int(node["query_location"]), base, columns, lambdas)
        if problem:
            message, near = problem
            problems.append(Problem("unknown-column", f"{message} (in `{expression}`)", place, near))
        if edit:
            edits.append(edit)
    if problems:
        raise ModelError(*problems)
    return apply(text, tuple(edits)).text[len(SELECT) :]


def _resolved(
    names: list[str], at: int, base: str, columns: Mapping[str, tuple[str, ...]], lambdas: set[str]
) -> tuple[tuple[str, tuple[str, ...]] | None, Edit | None]:
    first = names[0].lower()
    own = {column.lower() for column in columns[base]}
    tables = {table.lower(): table for table in columns}
    if first in lambdas:
        return None, None
    if len(names) > 1 and first in tables:
        known = columns[tables[first]]
        if names[1].lower() in {column.lower() for column in known}:
            return None, None
        near = tuple(f"{tables[first]}.{name}" for name in nearest(names[1], known))
        return (f"{tables[first]} has no column {names[1]}.", near), None
    if first in own:
        return None, Edit(at, at, f"{identifier(base)}.")
    others = [f"{table}.{column}" for table, listed in columns.items() if table != base for column in listed]
    elsewhere = [path for path in others if path.split(".", 1)[1].lower() == first]
    near = tuple(elsewhere) or nearest(".".join(names), [*columns[base], *others])
    return (f"There is no column {'.'.join(names)}.", near), None


def _is_expression(select: Mapping[str, Any]) -> bool:
    return (
        select.get("type") == "SELECT_NODE"
        and len(select["select_list"]) == 1
        and select["from_table"]["type"] == "EMPTY"
        and not select["modifiers"]
        and not select["where_clause"]
        and not select["group_expressions"]
        and not select["having"]
        and not select["qualify"]
        and not select["select_list"][0].get("alias")
    )


def _lambda_names(node: object) -> Iterator[str]:
    """Names of lambda parameters anywhere below."""
    if isinstance(node, list):
        for child in node:
            yield from _lambda_names(child)
    elif isinstance(node, dict):
        if node.get("class") == "LAMBDA":
            for parameter in _columns(node.get("lhs")):
                yield parameter.lower()
        for child in node.values():
            yield from _lambda_names(child)


def _columns(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for child in node:
            yield from _columns(child)
    elif isinstance(node, dict):
        if node.get("class") == "COLUMN_REF":
            yield str(node["column_names"][0])
        for child in node.values():
            yield from _columns(child)
