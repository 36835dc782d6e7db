"""The columns that parts of a dataset are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlglot
from sqlglot import exp

from lapwing.sql.bound import BoundDataset


def used_columns(
    bound: BoundDataset, dimensions: Iterable[str], measures: Iterable[str]
) -> Mapping[str, frozenset[str]]:
    """The columns of each table, by the name that it has in the relation, that these dimensions and measures, the time and
    the joins are made of. All names are in small letters.

    Raises:
        sqlglot.errors.SqlglotError: an expression is none that `translate` writes.
    """
    texts = [bound.time_column, *(bound.expressions[name] for name in dimensions)]
    for name in measures:
        texts += [text for text in (bound.argument_sql[name], bound.filters[name]) if text is not None]
    pairs = {
        (node.table, node.name)
        for text in texts
        for node in sqlglot.parse_one(text, read="duckdb").find_all(exp.Column)
    }
    for join in bound.dataset.joins.values():
        for left, right in join.on:
            pairs |= {(bound.dataset.name, left), (join.name, right)}
    found: dict[str, set[str]] = {}
    for table, column in pairs:
        found.setdefault(table.lower(), set()).add(column.lower())
    return {table: frozenset(columns) for table, columns in found.items()}
