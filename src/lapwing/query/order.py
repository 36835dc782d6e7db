"""The order of an answer's rows, and its first ones alone where no more are asked."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

Keys = Sequence[tuple[str, str]]
"""(column, "ascending" or "descending"), the first decides first."""

_MANY = 1_000


def ordered(table: pa.Table, keys: Keys, limit: int | None) -> pa.Table:
    """The rows in order, nulls last; the first `limit` of them."""
    if keys and limit is not None and limit and table.num_rows > max(_MANY, 4 * limit):
        table = _candidates(table, *keys[0], limit)
    if keys:
        table = table.take(pc.sort_indices(table, sort_keys=list(keys)))
    return table if limit is None else table.slice(0, limit)


def _candidates(table: pa.Table, name: str, direction: str, limit: int) -> pa.Table:
    """The rows that are not worse than the one at place `limit` by the first key: few, where all are many."""
    column = table.column(name).combine_chunks()
    best = pc.select_k_unstable(column, limit, [("not used by arrays", direction)])
    worst = column[best[-1].as_py()]
    if not worst.is_valid or worst.as_py() != worst.as_py():  # null or NaN: all of the others are better
        return table
    as_good = pc.greater_equal(column, worst) if direction == "descending" else pc.less_equal(column, worst)
    return table.filter(as_good)
