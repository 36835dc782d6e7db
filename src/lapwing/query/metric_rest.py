"""A LEFT JOIN of `metrics.<dataset>` that only tells chosen groups from the rest, as "Others" in Superset's charts.

    select case when s.t is not null then town else 'Others' end, measure(orders) from metrics.orders
    left join (select town as t, measure(orders) as n from metrics.orders group by 1 order by 2 desc limit 5) s on town = s.t

Its condition sets dimensions equal to columns of the other side, of which nothing is asked but whether they are there. So
the other side is asked first, and its values are written in the place of that question: `town in ('Wien', ...)`. Groups by
such an expression are made by merging states, so the rest's ratios and distinct counts are those of its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lapwing.model.dataset import Dataset
from lapwing.query.metric_join import Pair, pairs_of
from lapwing.query.metric_tree import columns, nodes
from lapwing.query.metric_value import Ask, asked_first, node_of, rows_of

if TYPE_CHECKING:
    from sqlglot import exp


def settle_rest(select: exp.Select, dataset: Dataset, name: str, ask: Ask) -> list[str]:
    """Takes such joins out of `select` over the dataset, which it calls `name`; tells what was asked.

    Raises:
        Refused: the other side has too many rows. And what asking raises.
    """
    told: list[str] = []
    for join in list(select.args.get("joins") or ()):
        other = join.this.alias_or_name
        pairs = pairs_of(join.args.get("on"), dataset, name, other)
        questions = _questions(select, other, {column.name for _, column in pairs or ()})
        if not pairs or questions is None or join.side != "LEFT" or join.method or join.args.get("using"):
            continue  # whoever reads the joins that are left says what is wrong
        query = _query(join.this, pairs)
        found = rows_of(query, ask, "a join")
        told.append(asked_first(query, len(found), "the join", "row"))
        for question in questions:
            question.replace(_missing(pairs, found))
        join.pop()
    return told


def _questions(select: exp.Select, other: str, names: set[str]) -> list[exp.Expr] | None:
    """Where it is asked whether columns of `other` that are in the join's condition are there; None if anything else is asked
    of it."""
    from sqlglot import exp

    found: list[exp.Expr] = []
    for column in [column for clause in nodes(select) for column in columns(clause)]:
        if column.table.lower() == other.lower():
            asks = column.parent
            if column.name not in names or not isinstance(asks, exp.Is) or not isinstance(asks.expression, exp.Null):
                return None
            found.append(asks)
    return found


def _query(other: exp.Expr, pairs: Sequence[Pair]) -> exp.Select:
    """The rows of the other side that may equal something."""
    from sqlglot import exp

    asked = [column for _, column in pairs]
    there = [exp.Is(this=column.copy(), expression=exp.null()).not_() for column in asked]
    return exp.select(*(column.copy() for column in asked)).distinct().from_(other.copy()).where(*there)


def _missing(pairs: Sequence[Pair], rows: Sequence[tuple[Any, ...]]) -> exp.Expr:
    """Whether the group is none of the rows. Never null: a dimension without a value equals nothing."""
    from sqlglot import exp

    dimensions = [exp.column(name, quoted=True) for name, _ in pairs]
    values = [[node_of(value) for value in row] for row in rows]
    if not rows:  # about the dimensions still, so that it is a key
        return exp.paren(exp.or_(exp.Is(this=dimensions[0], expression=exp.null()), exp.true()))
    if len(pairs) == 1:
        among = exp.In(this=dimensions[0], expressions=[value for (value,) in values])
    else:
        among = exp.In(
            this=exp.Tuple(expressions=dimensions), expressions=[exp.Tuple(expressions=row) for row in values]
        )
    return exp.not_(exp.Coalesce(this=among, expressions=[exp.false()]))
