"""Values that a WHERE over `metrics.<dataset>` compares with and that have to be asked first: now() - interval '7 days', or
what a subquery over raw tables gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lapwing.model.problem import LapwingError, Refused
from lapwing.query.metric_tree import columns, own
from lapwing.sql.parameters import literal

if TYPE_CHECKING:
    from sqlglot import exp

Ask = Callable[[str, Mapping[str, pa.Table]], pa.Table]
"""Runs a SELECT over what is given beside sources and metrics."""
MOST = 10_000
"""Values of one subquery."""


def settle_subqueries(where: exp.Where, ask: Ask) -> list[str]:
    """Puts their values in the place of subqueries; tells each that was asked.

    Raises:
        Refused: a subquery gives too many rows, or several columns. And what asking raises.
    """
    from sqlglot import exp

    told: list[str] = []
    for node in [one for one in own(where) if isinstance(one, exp.In) and one.args.get("query") is not None]:
        query = node.args["query"]
        found = _values(query, ask)
        told.append(asked_first(query, len(found)))
        known = [value for value in dict.fromkeys(found) if value is not None]
        negated = node.parent if isinstance(node.parent, exp.Not) else None
        if negated is not None and None in found:
            negated.replace(_never(node))  # NOT IN with a null among the values holds for nothing
        elif known:
            node.set("query", None)
            node.set("expressions", [node_of(value) for value in known])
        else:
            node.replace(_never(node))
    scope = where.parent
    for inner in [one for one in where.find_all(exp.Subquery) if one.find_ancestor(exp.Query) is scope]:
        found = _values(inner, ask)
        if len(found) > 1:
            says = f"A subquery that stands for one value gives {len(found):,}."
            raise Refused.of("many-values", says, hint="Write IN, or have it give one row.")
        told.append(asked_first(inner, len(found)))
        inner.replace(node_of(found[0]) if found else exp.null())
    return told


def constant(node: exp.Expr, ask: Ask) -> Any:
    """The value of an expression without columns.

    Raises:
        Whatever asking raises.
    """
    assert not columns(node)
    return _asked(f"SELECT {node.sql(dialect='duckdb')} AS value", ask).column(0)[0].as_py()


def rows_of(query: exp.Expr, ask: Ask, of: str) -> list[tuple[Any, ...]]:
    """What a subquery gives.

    Raises:
        Refused: too many rows. And what asking raises.
    """
    table = _asked(f"SELECT * FROM ({query.unnest().sql(dialect='duckdb')}) LIMIT {MOST + 1}", ask)
    if table.num_rows > MOST:
        says = f"A subquery in {of} of metrics gives more than {MOST:,} values."
        raise Refused.of("too-many-values", says, hint="Join the metrics' result instead: from (select ...) m join ...")
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _values(query: exp.Expr, ask: Ask) -> list[Any]:
    rows = rows_of(query, ask, "the WHERE")
    if rows and len(rows[0]) != 1:
        raise Refused.of("many-columns", f"A subquery in WHERE gives one column, and this has {len(rows[0])}.")
    return [value for (value,) in rows]


def _asked(text: str, ask: Ask) -> pa.Table:
    try:
        return ask(text, {})
    except LapwingError as error:  # places in a text that nobody wrote
        raise type(error)(*(replace(problem, place=None) for problem in error.problems)) from error


def _never(node: exp.Expr) -> exp.Expr:
    """A condition over the same dimension that holds for nothing."""
    from sqlglot import exp

    missing = exp.Is(this=node.this.copy(), expression=exp.null())
    return exp.paren(exp.and_(missing, missing.copy().not_()))


def node_of(value: Any) -> exp.Expr:
    """A value as it is written in SQL."""
    from sqlglot import parse_one

    return parse_one(literal(value), dialect="duckdb")


def asked_first(query: exp.Expr, count: int, of: str = "WHERE", unit: str = "value") -> str:
    """What the receipt tells of it."""
    text = " ".join(query.unnest().sql(dialect="duckdb").split())
    short = text if len(text) <= 200 else f"{text[:200]}..."
    return f"Asked first, of {of}: {short} ({count:,} {unit}{'s' * (count != 1)})"
