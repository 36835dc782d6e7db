"""The states of a rollup in the SQL of the source that holds the rows: one statement, and so one snapshot of them.

Its result has one row for each cell, with the aggregates that are one number or text, and one for each entry of a sketch;
`PART` tells them apart. `gathered_sql` then makes of it, in Lapwing's SQL, what `state_sql` gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lapwing.cache.entries_sql import column_name, quote, together
from lapwing.cache.state_sql import BUCKET, PARTITION, choice_sql
from lapwing.sources.base import Column
from lapwing.sql.bound import BoundDataset
from lapwing.sql.time import epoch_sql, range_sql
from lapwing.states.argument import Kind
from lapwing.states.base import ROW, EntriesSql, Rows, State
from lapwing.states.dialects import Dialect, dialect_of

PART = "$part"
"""Column of the statement's result: 0 for cells, i for the entries of the i-th measure that has some."""

GIVEN = "states"
_NUMBER, _TEXT, _VALUE = "$number", "$text", "$value"
_TYPES = {"<i8": ("BIGINT", Kind.INTEGER), "<f8": ("DOUBLE", Kind.FLOAT), "|u1": ("VARCHAR", Kind.TEXT)}
# Names that need no quotes in any engine, and are no words of it.
_PART, _PARTITION, _BUCKET, _TIME = "lw_part", "lw_partition", "lw_bucket", "lw_time"


@dataclass(frozen=True, slots=True)
class SourceSql:
    """`text` in the source's dialect gives `columns`, which `gathered` reads as the table `given.states`."""

    text: str
    columns: tuple[Column, ...]
    gathered: str

    @property
    def rereads(self) -> bool:
        """Whether the rows are read once for each part of the result, by engines that keep nothing between them."""
        return self.columns[0].name == PART


@dataclass(frozen=True, slots=True)
class _Sketch:
    """Entries of a measure. `textual`: their keys are texts, else integers."""

    measure: str
    sql: EntriesSql
    textual: bool


def source_sql(
    bound: BoundDataset,
    states: Mapping[str, State],
    by: Sequence[str],
    step: int,
    partitions: Sequence[int],
    dialect: str,
) -> SourceSql:
    """The states by the dimensions `by` and buckets of `step` microseconds, for adjacent partitions with these borders.
    The texts of `bound` are in `dialect`, too.

    Raises:
        Refused: the engine can't build one of the states equally; says which and why.
    """
    engine = dialect_of(dialect)
    if not engine.builds:
        raise engine.refused("states", "they were never compared with those of others there")
    dimensions = [f"lw_key{number}" for number in range(len(by))]
    inner = [
        f"{engine.in_bytes(bound.expressions[name]) if bound.dimensions[name] == 'VARCHAR' else bound.expressions[name]}"
        f" AS {column}"
        for name, column in zip(by, dimensions, strict=True)
    ]
    start, end = partitions[0], partitions[-1]
    inner.append(
        f"{epoch_sql(bound.time_column, bound.time_type, bound.dataset.time.zone, start, end, dialect)} AS {_TIME}"
    )
    built: list[tuple[str, str, str]] = []  # name, SQL, dtype
    sketches: list[_Sketch] = []
    for number, (name, state) in enumerate(states.items()):
        argument, kept = bound.argument_sql[name], bound.filters[name]
        inner += [] if argument is None else [f"{argument} AS lw_argument{number}"]
        inner += [] if kept is None else [f"{kept} AS lw_filter{number}"]
        rows = Rows(
            None if argument is None else f"lw_argument{number}",
            None if kept is None else f"lw_filter{number}",
            _TIME,
        )
        dtypes = {column.suffix: column.dtype for column in state.columns}
        for sql, suffix in zip(state.sql(rows, dialect), state.built, strict=True):
            built.append((column_name(name, suffix), sql, dtypes[suffix]))
        entries = state.entries_sql(rows, dialect)
        if entries is not None:
            sketches.append(_Sketch(name, entries, entries.most is not None))
    where = range_sql(bound, start, end, dialect)
    rows_sql = f"SELECT {', '.join(inner)}\n  FROM {bound.relation}\n  WHERE {where}{engine.fence}"
    keys = {
        _PARTITION: choice_sql(_TIME, partitions, dialect),
        **{column: column for column in dimensions},
        _BUCKET: engine.floored(_TIME, step),
    }
    names = {_PARTITION: PARTITION, **dict(zip(dimensions, by, strict=True)), _BUCKET: BUCKET}
    types = [
        Column(PARTITION, "BIGINT"),
        *(Column(name, bound.dimensions[name]) for name in by),
        Column(BUCKET, "BIGINT"),
    ]
    states_columns = [Column(name, _TYPES[dtype][0]) for name, _, dtype in built]
    entry_columns = _entry_columns(sketches)
    text = _statement(engine, rows_sql, keys, built, sketches, entry_columns)
    columns = (
        (Column(PART, "BIGINT"), *types, *states_columns, *entry_columns) if sketches else (*types, *states_columns)
    )
    return SourceSql(text, columns, gathered_sql([quote(name) for name in names.values()], built, sketches))


def _entry_columns(sketches: Sequence[_Sketch]) -> list[Column]:
    numbers = [Column(_NUMBER, "BIGINT")] if any(not one.textual for one in sketches) else []
    texts = [Column(_TEXT, "VARCHAR")] if any(one.textual for one in sketches) else []
    return [*numbers, *texts, *([Column(_VALUE, "BIGINT")] if sketches else [])]


def _statement(
    engine: Dialect,
    rows_sql: str,
    keys: Mapping[str, str],
    built: Sequence[tuple[str, str, str]],
    sketches: Sequence[_Sketch],
    entry_columns: Sequence[Column],
) -> str:
    shown = [text if text == name else f"{text} AS {name}" for name, text in keys.items()]
    values = [f"{sql} AS lw_value{number}" for number, (_, sql, _) in enumerate(built)]
    if not sketches:
        grouping = ", ".join(str(position + 1) for position in range(len(keys)))
        return f"SELECT {', '.join([*shown, *values])}\nFROM ({rows_sql}) AS lw_rows\nGROUP BY {grouping}"
    grouping = ", ".join(str(position + 2) for position in range(len(keys)))
    kinds = {_NUMBER: Kind.INTEGER, _TEXT: Kind.TEXT, _VALUE: Kind.INTEGER}
    none = [f"{engine.nothing(kinds[column.name])} AS lw_{column.name[1:]}" for column in entry_columns]
    parts = [
        (
            f"SELECT {engine.number(0)} AS {_PART}, {', '.join([*shown, *values, *none])}\n"
            f"FROM lw_rows\nGROUP BY {grouping}"
        )
    ]
    nulls = [f"{engine.nothing(_TYPES[dtype][1])} AS lw_value{number}" for number, (_, _, dtype) in enumerate(built)]
    for number, one in enumerate(sketches):
        entry = {_NUMBER: None if one.textual else "lw_entry", _TEXT: "lw_entry" if one.textual else None}
        own = [
            f"{entry.get(column.name, 'lw_count') or engine.nothing(kinds[column.name])} AS lw_{column.name[1:]}"
            for column in entry_columns
        ]
        parts.append(
            f"SELECT {engine.number(number + 1)} AS {_PART}, {', '.join([*keys, *nulls, *own])}\n"
            f"FROM ({_grouped(engine, one.sql, keys, shown)}) AS lw_entries{number}"
        )
    return f"WITH lw_rows AS ({rows_sql})\n" + "\nUNION ALL\n".join(parts)


def _grouped(engine: Dialect, one: EntriesSql, keys: Mapping[str, str], shown: Sequence[str]) -> str:
    """A SELECT of the keys of a cell, lw_entry and lw_count."""
    cell = ", ".join(keys)
    grouping = ", ".join(str(position + 1) for position in range(len(keys) + 1))
    each = (
        f"SELECT {cell}, {one.key} AS lw_entry, {one.value} AS lw_count\n"
        f"  FROM (SELECT {', '.join(shown)}, {one.row} AS {ROW} FROM lw_rows{engine.fence}) AS lw_given\n"
        f"  WHERE {ROW} IS NOT NULL\n  GROUP BY {grouping}"
    )
    if one.most is None:
        return each
    rank = f"ROW_NUMBER() OVER (PARTITION BY {cell} ORDER BY lw_count DESC, lw_entry) AS lw_rank"
    ranked = f"SELECT {cell}, lw_entry, lw_count, {rank}\n  FROM ({each}) AS lw_grouped"
    return f"SELECT {cell}, lw_entry, lw_count FROM ({ranked}) AS lw_ranked WHERE lw_rank <= {one.most}"


def gathered_sql(names: Sequence[str], built: Sequence[tuple[str, str, str]], sketches: Sequence[_Sketch]) -> str:
    """Of what the statement gave, one row a cell, sorted by its key: in Lapwing's SQL over `given.states`."""
    columns = ", ".join([*names, *(quote(name) for name, _, _ in built)])
    table = f"given.{GIVEN}"
    if not sketches:
        order = ", ".join(str(position + 1) for position in range(len(names)))
        return f"SELECT {columns} FROM {table} ORDER BY {order}"
    cell = ", ".join(names)
    entries = {
        one.measure: f"SELECT {cell}, {quote(_TEXT if one.textual else _NUMBER)} AS entry_key, {quote(_VALUE)} AS"
        f" entry_value FROM {table} WHERE {quote(PART)} = {number + 1}"
        for number, one in enumerate(sketches)
    }
    return together(f"SELECT {columns} FROM {table} WHERE {quote(PART)} = 0", entries, names, ordered=True)
