"""What has changed since a moment: each metric now, as it was known then, and the difference, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from lapwing.model.dataset import Aggregation
from lapwing.model.expression import Binary, Expression, MeasureRef
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, Refused
from lapwing.model.project import Project
from lapwing.query.answer import Answer
from lapwing.query.ask import MetricQuery
from lapwing.query.order import ordered
from lapwing.query.together import together

BEFORE, RESTATED = "_before", "_restated"


def restated(query: MetricQuery, project: Project, answer: Callable[[MetricQuery], Answer]) -> Answer:
    """Answers a query with `restated_since`. A group that was not there, or is not there any more, counts as 0 where the
    metric is a count or a sum, and is null elsewhere. What is no number has true for its difference where it has changed.

    Raises:
        What `answer` does. NotFound: an order by a column that is not there. Refused: two columns of one name.
    """
    metrics = tuple(dict.fromkeys(query.metrics))
    names = [*query.by, *(["time"] if query.grain else [])]
    columns = [*names, *(f"{metric}{ending}" for metric in metrics for ending in ("", BEFORE, RESTATED))]
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise Refused.of("name-taken", f"The answer would have two columns {twice}.", hint="Ask for fewer metrics.")
    for order in query.order:
        if order.name not in columns:
            near = nearest(order.name, columns)
            raise NotFound.of("unknown-order", f"The answer has no column {order.name} to order by.", nearest=near)
    plain = replace(query, metrics=metrics, restated_since=None, order=(), limit=None)
    now = answer(plain)
    same = replace(plain, start=now.receipt.start, end=now.receipt.end)
    then = answer(replace(same, as_known_at=query.restated_since))
    keys, places = _met(now.table.select(names), then.table.select(names))
    columns_of: dict[str, pa.ChunkedArray | pa.Array] = {name: keys.column(name) for name in names}
    for metric in metrics:
        zero = _additive(project.metric(metric)[1].expression, project)
        after, before = (
            _zero(part, keys, place, metric) if zero else part.table.column(metric).take(place)
            for part, place in zip((now, then), places, strict=True)
        )
        columns_of[metric] = after
        columns_of[metric + BEFORE] = before
        columns_of[metric + RESTATED] = _difference(after, before)
    table = pa.table(columns_of)
    wanted = [(order.name, "descending" if order.descending else "ascending") for order in query.order]
    ties = [(name, "ascending") for name in names if name not in {name for name, _ in wanted}]
    note = f"Columns ending in {BEFORE}: as known at {then.receipt.as_known_at}."
    return Answer(
        table=ordered(table, [*wanted, *ties], query.limit), receipt=together([now.receipt, then.receipt], note)
    )


def _met(now: pa.Table, then: pa.Table) -> tuple[pa.Table, tuple[pa.Array, pa.Array]]:
    """The rows of both, each once, and where in each of them they are (null: they are not)."""
    if now.num_columns == 0:
        return now, (pa.array([0]), pa.array([0]))
    every: dict[tuple[object, ...], tuple[int | None, int | None]] = {}
    for number, row in enumerate(_rows(now)):
        every[row] = (number, None)
    fresh = []
    for number, row in enumerate(_rows(then)):
        if row not in every:
            fresh.append(number)
        every[row] = (every.get(row, (None, None))[0], number)
    keys = pa.concat_tables([now, then.take(pa.array(fresh, pa.int64()))], promote_options="permissive")
    firsts, seconds = zip(*every.values(), strict=True) if every else ((), ())
    return keys, (pa.array(firsts, pa.int64()), pa.array(seconds, pa.int64()))


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    return list(zip(*(column.cast(_plain(column.type)).to_pylist() for column in table.columns), strict=True))


def _plain(kind: pa.DataType) -> pa.DataType:
    """Times as numbers, which are quick to compare."""
    return pa.int64() if pa.types.is_timestamp(kind) else kind


def _zero(part: Answer, keys: pa.Table, place: pa.Array, metric: str) -> pa.ChunkedArray:
    """A metric of an answer, 0 where it has no such group and all was known of the bucket."""
    column = part.table.column(metric)
    absent = pc.is_null(place)
    if "time" in keys.column_names:
        until = part.receipt.data_until
        times = keys.column("time")
        known = pc.less(times, pa.scalar(datetime.fromisoformat(until)).cast(times.type)) if until else pa.scalar(False)
        absent = pc.and_(absent, known)
    return pc.if_else(absent, pa.scalar(0, pa.int64()).cast(column.type), column.take(place))


def _difference(after: pa.ChunkedArray, before: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = after.type
    if pa.types.is_decimal(kind):
        wide = pa.decimal256(kind.precision + 1, kind.scale)
        return pc.subtract(after.cast(wide), before.cast(wide)).cast(pa.decimal128(38, kind.scale))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return pc.subtract(after, before)
    pairs = zip(after.to_pylist(), before.to_pylist(), strict=True)
    return pa.chunked_array([pa.array([one != other for one, other in pairs], pa.bool_())])


def _additive(expression: Expression, project: Project) -> bool:
    """Whether nothing at all means 0."""
    match expression:
        case MeasureRef(dataset, name):
            return project.datasets[dataset].measures[name].aggregation in (Aggregation.COUNT, Aggregation.SUM)
        case Binary("+" | "-", left, right):
            return _additive(left, project) and _additive(right, project)
    return False
