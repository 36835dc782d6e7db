"""EXISTS in a WHERE over `metrics.<dataset>`: whether another table has a row for a group's dimension.

    select carrier, measure(flights) from metrics.flights f where exists (select 1 from crm.partners p where p.code = f.carrier)

It is the same as `carrier IN (SELECT p.code ...)`, but where the dimension is null: there EXISTS is false, and NOT EXISTS true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lapwing.model.dataset import Dataset
from lapwing.model.problem import LapwingError, WrongUse
from lapwing.query.metric_tree import Written, own
from lapwing.query.metric_where import parts_of

if TYPE_CHECKING:
    from sqlglot import exp


def settle_exists(where: exp.Where, dataset: Dataset, name: str, written: Written) -> None:
    """Puts IN in the place of EXISTS; one that asks nothing of the dataset, which the SELECT calls `name`, becomes a value.

    Raises:
        WrongUse: what it asks of the dataset is more than one dimension that equals something.
    """
    from sqlglot import exp

    for node in [one for one in own(where) if isinstance(one, exp.Exists)]:
        query = node.this.unnest()
        named = {one.alias_or_name.lower() for one in query.find_all(exp.Table, exp.Subquery)}
        ours = [
            one for one in query.find_all(exp.Column) if one.table.lower() == name.lower() and name.lower() not in named
        ]
        if not ours:
            node.replace(exp.Subquery(this=exp.select(exp.Exists(this=query))))
            continue
        dimension, value = _met(query, ours, dataset, node, written)
        query.set("expressions", [value])
        query.set("distinct", exp.Distinct())
        query.set("order", None)
        column = exp.column(dimension, quoted=True)
        member = exp.In(this=column.copy(), query=exp.Subquery(this=query))
        node.replace(exp.paren(exp.and_(exp.Is(this=column, expression=exp.null()).not_(), member, copy=False)))


def _met(
    query: exp.Expr, ours: list[exp.Column], dataset: Dataset, node: exp.Expr, written: Written
) -> tuple[str, exp.Expr]:
    """The dimension, and what it equals; the equality leaves the query."""
    from sqlglot import exp

    where = query.args.get("where")
    plain = isinstance(query, exp.Select) and not any(query.args.get(one) for one in _MORE)
    aggregates = any(one.find(exp.Func) for one in query.selects) if isinstance(query, exp.Select) else True
    if not plain or aggregates or len(ours) != 1 or where is None:
        raise _unclear(node, dataset, written)
    (column,) = ours
    known = {one.lower(): one for one in dataset.dimensions}
    rest = list(parts_of(where.this))
    equal = next((one for one in rest if isinstance(one, exp.EQ) and column in (one.left, one.right)), None)
    if equal is None or column.name.lower() not in known:
        raise _unclear(node, dataset, written)
    value = equal.right if equal.left is column else equal.left
    left = [one for one in rest if one is not equal]
    query.set("where", exp.Where(this=exp.and_(*left)) if left else None)
    return known[column.name.lower()], value.copy()


_MORE = ("limit", "offset", "group", "having", "qualify", "distinct", "with_")


def _unclear(node: exp.Expr, dataset: Dataset, written: Written) -> LapwingError:
    return WrongUse.of(
        "metrics-exists",
        f"EXISTS in a WHERE over metrics.{dataset.name} may ask one dimension to equal something, and no more.",
        place=written.place(node),
        hint=f"Ask of the groups: from (select ... from metrics.{dataset.name}) m where exists (... = m.dimension).",
    )
