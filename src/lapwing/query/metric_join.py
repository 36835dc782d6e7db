"""A join of `metrics.<dataset>` that only chooses groups, as the limit of series in Superset's charts.

    select town, date_trunc('week', at), measure(orders) from metrics.orders
    join (select town as t, measure(orders) as n from metrics.orders group by 1 order by 2 desc limit 5) s on town = t

Its condition sets dimensions equal to columns of the other side, and nothing else is asked of these columns. Where the
SELECT groups by these dimensions, each group is chosen or not as a whole, however often the other side names it: so the
groups are answered first, and chosen by EXISTS afterwards.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from lapwing.model.dataset import Dataset

if TYPE_CHECKING:
    from sqlglot import exp

Pair = tuple[str, "exp.Column"]


def chosen_by(select: exp.Select, dataset: Dataset, name: str) -> list[tuple[exp.Expr, list[Pair]]] | None:
    """For each join of `select` over the dataset, which it calls `name`: the other side, and its columns beside the
    dimensions that they equal. None where a join is of another kind."""
    found = []
    for join in select.args.get("joins") or ():
        other = join.this.alias_or_name
        pairs = pairs_of(join.args.get("on"), dataset, name, other)
        plain = not (join.side or join.method or join.args.get("using")) and join.kind in ("", "INNER")
        if not plain or pairs is None:
            return None
        found.append((join.this, pairs))
    return found


def exists(other: exp.Expr, pairs: Collection[Pair], name: str) -> exp.Expr:
    """The condition that `other` has a row of the group; `name` is the one of the groups' table."""
    from sqlglot import exp

    equal = [
        exp.EQ(this=exp.column(dimension, table=name, quoted=True), expression=column) for dimension, column in pairs
    ]
    # Not copies: `other` may hold a SELECT over metrics that is taken apart later.
    return exp.Exists(this=exp.select("1").from_(other, copy=False).where(*equal, copy=False))


def pairs_of(condition: exp.Expr | None, dataset: Dataset, name: str, other: str) -> list[Pair] | None:
    """The columns of the other side beside the dimensions that a join's condition sets equal to them; None of another one."""
    from sqlglot import exp

    if condition is None:
        return None
    found: list[Pair] = []
    for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
        equal = part.unnest()
        left, right = (equal.left, equal.right) if isinstance(equal, exp.EQ) else (None, None)
        if not isinstance(left, exp.Column) or not isinstance(right, exp.Column):
            return None
        match _is_ours(left, dataset, name, other), _is_ours(right, dataset, name, other):
            case True, False:
                found.append((left.name, right))
            case False, True:
                found.append((right.name, left))
            case _:
                return None
    return found


def _is_ours(column: exp.Column, dataset: Dataset, name: str, other: str) -> bool | None:
    """Whether a column is a dimension of the dataset (True) or one of the other side; None where that is not plain."""
    if column.table:
        return {name.lower(): column.name in dataset.dimensions or None, other.lower(): False}.get(column.table.lower())
    return column.name in dataset.dimensions
