"""Rows that are followed by others: both sides of a measure's condition bound to the data, and the join that finds it.

The nearest later row of the same key decides, so one sorted pass is enough (an ASOF join), however often a key comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from lapwing.model.dataset import Dataset, Dimension, Followed, Measure, Shown
from lapwing.model.problem import ModelError, Problem
from lapwing.sources.quote import identifier
from lapwing.sql.bound import BoundDataset
from lapwing.sql.time import epoch_sql, range_sql

_NUMBERS = frozenset(
    f"{sign}{size}" for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
) | {"FLOAT", "DOUBLE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundFollowed:
    """`keys`: the row's own side, as SQL over its dataset's relation, and that of the other `rows` over theirs. `within` is
    in microseconds."""

    rows: BoundDataset
    keys: tuple[tuple[str, str], ...]
    within: int
    later: bool

    def join(self, bound: BoundDataset, alias: str, start: int, end: int) -> tuple[str, str]:
        """The join that stands behind the relation of `bound`, whose rows with start <= time < end (UTC microseconds) are
        read, and the condition that is true for those that are followed."""
        rows = self.rows
        (counted,) = rows.dataset.measures
        until = end + self.within
        at = epoch_sql(bound.time_column, bound.time_type, bound.dataset.time.zone, start, end)
        after = epoch_sql(rows.time_column, rows.time_type, rows.dataset.time.zone, start, until)
        keys = [(f'"$key{number}"', own, other) for number, (own, other) in enumerate(self.keys)]
        kept = [range_sql(rows, start, until)]
        kept += [f"({text}\n)" for text in (rows.filters[counted],) if text is not None]
        kept += [f"({text}\n) IS NOT NULL" for text in (rows.argument_sql[counted],) if text is not None]
        shown = ", ".join([*(f"{other} AS {name}" for name, _, other in keys), f'{after} AS "$time"'])
        same = " AND ".join(f"{own} = {alias}.{name}" for name, own, _ in keys)
        text = f"(SELECT {shown}\n  FROM {rows.relation}\n  WHERE {' AND '.join(kept)}) AS {alias}"
        order = f'{at} {"<" if self.later else "<="} {alias}."$time"'
        return f"ASOF LEFT JOIN {text}\n  ON {same} AND {order}", f'{alias}."$time" < {at} + {self.within}'


def bind_followed(bind: Callable[[Dataset], BoundDataset], dataset: Dataset, measure: Measure) -> BoundFollowed:
    """
    Raises:
        ModelError: one of the sides can't be bound, or their keys can't be compared.
        SourceError: a source does not answer.
    """
    followed = measure.followed
    assert followed is not None
    own = bind(_own_side(dataset, measure, followed))
    rows = bind(followed.rows)
    problems = tuple(_unlike(followed, own, rows, measure))
    if problems:
        raise ModelError(*problems)
    pairs = zip(own.expressions.values(), (rows.expressions[key] for _, key in followed.keys), strict=True)
    return BoundFollowed(rows=rows, keys=tuple(pairs), within=followed.microseconds, later=followed.later)


def _own_side(dataset: Dataset, measure: Measure, followed: Followed) -> Dataset:
    keys = [
        Dimension(name=f"key{number}", sql=own, shown=Shown(label=own), place=measure.place)
        for number, (own, _) in enumerate(followed.keys)
    ]
    return replace(dataset, dimensions={key.name: key for key in keys}, measures={}, metrics={}, rollups={})


def _unlike(followed: Followed, own: BoundDataset, rows: BoundDataset, measure: Measure) -> Iterator[Problem]:
    """Keys that the engine would cast to compare them, and fail at some row or make two of one."""
    for (text, key), kind in zip(followed.keys, own.dimensions.values(), strict=True):
        other = rows.dimensions[key]
        if _family(kind) != _family(other):
            says = f"{text} is {kind} and {rows.dataset.name}'s {key} is {other}: as keys they can't be compared."
            hint = f"Make them alike in a dimension's sql, such as cast({identifier(key)} as varchar)."
            yield Problem("key-types", says, measure.place, hint=hint)


def _family(kind: str) -> str:
    if kind in _NUMBERS or kind.startswith("DECIMAL"):
        return "number"
    return "time" if kind == "DATE" or kind.startswith("TIMESTAMP") else kind
