"""Where the groups of several datasets meet: each was aggregated to the shared dimensions first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Place = npt.NDArray[np.int32] | None


def meet(tables: list[pa.Table]) -> tuple[pa.Table, list[Place]]:
    """The distinct groups of all tables, sorted by their columns with nulls last, and for each table the place of its
    groups there (None where they are the same already)."""
    if len(tables) == 1:
        table = tables[0]
        if not any(column.null_count for column in table.columns):
            return table, [None]  # in order already: a frame's groups differ only in that nulls come first
        order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in table.column_names])
        steps = order.to_numpy()
        if bool(np.all(steps[1:] > steps[:-1])):
            return table, [None]
        place = np.empty(len(steps), np.int32)
        place[steps] = np.arange(len(steps), dtype=np.int32)
        return table.take(order), [place]
    if tables[0].num_columns == 0:
        return max(tables, key=lambda table: table.num_rows), [None] * len(tables)
    names = tables[0].column_names
    rows = [list(zip(*(table.column(name).to_pylist() for name in names), strict=True)) for table in tables]
    both = pa.concat_tables(tables, promote_options="permissive").group_by(names).aggregate([])
    both = both.take(pc.sort_indices(both, sort_keys=[(name, "ascending") for name in names]))
    index = {key: i for i, key in enumerate(zip(*(both.column(name).to_pylist() for name in names), strict=True))}
    return both, [np.array([index[key] for key in keys], np.int32) for keys in rows]
