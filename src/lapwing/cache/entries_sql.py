"""States of entries (sketches, histograms) in Lapwing SQL: rows are grouped by the entries' keys first, and the entries of a
cell become two lists of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lapwing.states.base import ROW, EntriesSql

KEYS, VALUES = "keys", "values"
"""Suffixes of the two lists of a cell."""


def column_name(measure: str, suffix: str) -> str:
    """The name of a state's column in the result."""
    return f"{measure}${suffix}"


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def with_entries(
    source: str,
    where: str,
    keys: Mapping[str, str],
    built: Sequence[str],
    entries: Mapping[str, EntriesSql],
    *,
    ordered: bool,
) -> str:
    """One SELECT of `keys`, `built`, and the lists of each measure's `entries`.

    `source` is a SELECT of the rows, read once; `keys` maps the names of a cell's key to their SQL over it; `built` are
    aggregates with their names.
    """
    names = list(keys)
    grouping = ", ".join(str(position + 1) for position in range(len(keys)))
    shown = ", ".join(f"{text} AS {name}" for name, text in keys.items())
    cells = f"SELECT {', '.join([shown, *built])}\n  FROM rows_of_time{where}\n  GROUP BY {grouping}"
    each = {measure: _entries(one, where, names, shown, grouping) for measure, one in entries.items()}
    return together(cells, each, names, rows=f"rows_of_time AS MATERIALIZED ({source})", ordered=ordered)


def together(
    cells: str, entries: Mapping[str, str], names: Sequence[str], *, rows: str | None = None, ordered: bool
) -> str:
    """One SELECT of cells, whose key are the columns `names`, with the entries of each measure as two lists. `entries` are
    SELECTs of the key of a cell, entry_key and entry_value; `rows` is a common table that all may read."""
    cell = ", ".join(names)
    steps = [*([rows] if rows else []), f"cells AS ({cells})"]
    columns, joins = ["cells.*"], [""]
    for number, (measure, each) in enumerate(entries.items()):
        alias = f"entries{number}"
        steps.append(
            f"{alias} AS (SELECT {cell}, list(entry_key ORDER BY entry_key) AS entry_keys, "
            f"list(entry_value ORDER BY entry_key) AS entry_values\n  FROM ({each})\n  GROUP BY {cell})"
        )
        same = " AND ".join(f"cells.{name} IS NOT DISTINCT FROM {alias}.{name}" for name in names)
        joins.append(f"LEFT JOIN {alias} ON {same}")
        columns += [
            f"{alias}.entry_keys AS {quote(column_name(measure, KEYS))}",
            f"{alias}.entry_values AS {quote(column_name(measure, VALUES))}",
        ]
    order = ", ".join(f"cells.{name}" for name in names)
    return (
        "WITH "
        + ",\n".join(steps)
        + f"\nSELECT {', '.join(columns)}\nFROM cells"
        + "\n".join(joins)
        + (f"\nORDER BY {order}" if ordered else "")
    )


def _entries(one: EntriesSql, where: str, names: Sequence[str], shown: str, grouping: str) -> str:
    """A SELECT of the key of each cell with each of its entries' keys and values."""
    cell = ", ".join(names)
    each = (
        f"SELECT {cell}, {one.key} AS entry_key, {one.value} AS entry_value\n"
        f"    FROM (SELECT {shown}, {one.row} AS {ROW} FROM rows_of_time{where}) AS given\n"
        f"    WHERE {ROW} IS NOT NULL\n    GROUP BY {grouping}, entry_key"
    )
    if one.most is not None:
        rank = f"row_number() OVER (PARTITION BY {cell} ORDER BY entry_value DESC, entry_key)"
        each = f"SELECT * FROM (SELECT *, {rank} AS entry_rank FROM ({each})) WHERE entry_rank <= {one.most}"
    return each
