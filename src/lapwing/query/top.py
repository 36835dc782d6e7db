"""The groups with the largest values, and the rest of them as one: exact for every kind of metric, as the rest is answered
from states like any other question, not from the values of its groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa

from lapwing.model.problem import Refused, WrongUse
from lapwing.query.answer import Answer
from lapwing.query.ask import MetricQuery, Order, Top
from lapwing.query.choose import Value, choosing
from lapwing.query.order import ordered
from lapwing.query.together import together

REST = "rest"
MOST = 1_000
_TRIES = 3


def ranking(query: MetricQuery, top: Top) -> MetricQuery:
    """The question which groups these are: by the metric over all of the asked time, one more than is asked for.

    Raises:
        WrongUse: it can't be asked so.
    """
    if not query.by:
        raise WrongUse.of(
            "top-of-nothing", "The largest groups need a dimension to group by.", hint="Name one in --by."
        )
    if not 1 <= top.count <= MOST:
        raise WrongUse.of("bad-top", f"{top.count} largest groups can't be asked for.", hint=f"Take 1 to {MOST:,}.")
    if query.order or query.limit is not None or query.restated_since is not None:
        says = "The largest groups come in their own order, the rest at the end."
        raise WrongUse.of("top-ordered", says, hint="Leave order, limit and restated_since out.")
    names = [*query.by, *query.metrics]
    if REST in names:
        raise Refused.of("rest-taken", f"The answer would have two columns {REST}.", hint="Rename yours.")
    metric = top.metric or query.metrics[0]
    order = (Order(name=metric, descending=True),)
    return replace(query, metrics=(metric,), grain=None, order=order, limit=top.count + 1, top=None)


def topped(
    query: MetricQuery, top: Top, answer: Callable[[MetricQuery], Answer], version: Callable[[], object]
) -> Answer:
    """Answers a query with `top`: its groups in order, the largest first, each with its buckets in order; then, where there
    are more groups, the rest in rows whose dimensions are null and whose column `rest` is true.

    `version` changes with what is built: answers of several builds are not put together.

    Raises:
        What `answer` and `ranking` do. WrongUse: a group that no filter can name, such as not-a-number.
    """
    for _ in range(_TRIES):
        before = version()
        found = _topped(query, top, answer)
        if version() == before:
            break
    return found


def _topped(query: MetricQuery, top: Top, answer: Callable[[MetricQuery], Answer]) -> Answer:
    ranked = answer(ranking(query, top))
    groups = ranked.table.select(query.by).slice(0, top.count)
    rows: list[tuple[Value, ...]] = list(zip(*(column.to_pylist() for column in groups.columns), strict=True))
    plain = replace(query, start=ranked.receipt.start, end=ranked.receipt.end, top=None)
    if not rows:
        nothing = answer(plain)
        return Answer(table=_flagged(nothing.table, rest=False), receipt=nothing.receipt)
    largest = answer(replace(plain, where=_also(query.where, _of(query.by, rows))))
    names = [*query.by, *(["time"] if query.grain else [])]
    tables = [_flagged(_in_rank(largest.table, groups, names), rest=False)]
    receipts = [ranked.receipt, largest.receipt]
    note = f"The {len(rows)} largest groups by {ranked.receipt.asked}; there are no others."
    if ranked.table.num_rows > top.count:
        others = answer(replace(plain, by=(), where=_also(query.where, _of(query.by, rows, exclude=True))))
        nobody = {field.name: pa.nulls(others.table.num_rows, field.type) for field in groups.schema}
        kept = {name: others.table.column(name) for name in others.table.column_names}
        tables.append(_flagged(pa.table({**nobody, **kept}), rest=True))
        receipts.append(others.receipt)
        note = f"The {len(rows)} largest groups by {ranked.receipt.asked}; the rest is all others as one."
    table = pa.concat_tables(tables, promote_options="permissive")
    receipt = replace(together(receipts, note), asked=largest.receipt.asked, grain=largest.receipt.grain)
    return Answer(table=table, receipt=replace(receipt, definitions=largest.receipt.definitions))


def _of(by: Sequence[str], groups: Sequence[tuple[Value, ...]], *, exclude: bool = False) -> str:
    """The condition that a row is of one of the groups, or of none."""
    if len(by) == 1:
        return choosing(by[0], [value for (value,) in groups], exclude=exclude)
    inner, outer = (" or ", " and ") if exclude else (" and ", " or ")
    parts = (
        inner.join(choosing(name, [value], exclude=exclude) for name, value in zip(by, group, strict=True))
        for group in groups
    )
    return outer.join(f"({part})" for part in parts)


def _also(where: str | None, condition: str) -> str:
    return f"({where}) and ({condition})" if where and where.strip() else condition


def _in_rank(table: pa.Table, groups: pa.Table, names: Sequence[str]) -> pa.Table:
    """The rows in the order of their groups."""
    by = groups.column_names
    place = {group: number for number, group in enumerate(zip(*(c.to_pylist() for c in groups.columns), strict=True))}
    ranks = [place[group] for group in zip(*(table.column(name).to_pylist() for name in by), strict=True)]
    times = [(name, "ascending") for name in names if name not in by]
    ranked = ordered(table.append_column("$rank", pa.array(ranks, pa.int64())), [("$rank", "ascending"), *times], None)
    return ranked.drop_columns(["$rank"])


def _flagged(table: pa.Table, *, rest: bool) -> pa.Table:
    """With the column that says of rows that they are the rest."""
    return table.append_column(REST, pa.array([rest] * table.num_rows, pa.bool_()))
