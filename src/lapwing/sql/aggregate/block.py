"""The source's own statement for a block: its groups with parts of aggregates, in its dialect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from lapwing.sources.base import Capabilities, Column, Family, Operation, Source, Table
from lapwing.sources.types import family
from lapwing.sql.aggregate.parts import Parts, parts
from lapwing.sql.capability import No
from lapwing.sql.translate import Writer
from lapwing.states.dialects import Dialect, dialect_of

_KEYS = frozenset(Family) - {Family.FLOAT}  # the engines do not agree on which floats are alike


@dataclass(frozen=True, slots=True)
class Call:
    """An aggregate as the statement has it: `argument` (None: it counts rows) and `kept` (its FILTER) as SQL over
    `stub.column`, `type` that of the argument."""

    function: str
    argument: str | None
    type: str | None
    kept: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """`table` stands for the groups; `calls` are, in order, of what the statement's aggregates are made."""

    table: Table
    calls: tuple[Parts, ...]


def block(
    source: Source, table: Table, stub: str, where: str | None, keys: Iterable[str], calls: Sequence[Call]
) -> Block:
    """The groups of `table` by `keys` (names in small letters), of the rows that `where`, in the source's dialect, is true
    of.

    Raises:
        No, Refused: a key or an argument might mean something else at the source.
    """
    able = source.capabilities
    engine = dialect_of(able.dialect)
    writer = Writer(able, {stub: table})
    made: dict[Call, Parts] = {}
    for call in calls:
        if call not in made:
            made[call] = _parts(call, writer, engine, f"{stub}g{len(made)}")
    wanted = frozenset(keys)
    kept = [column for column in table.columns if column.name.lower() in wanted]
    if len(kept) != len(wanted):
        raise No("several columns have one name")
    written = [_key(column, stub, able, writer, engine) for column in kept]
    columns = {column.name: column for column in kept} | _columns(made)
    selected = [f"{engine.as_text(sql) if _is_text(column) else sql} AS {engine.quote(column.name)}"
                for column, sql in zip(kept, written, strict=True)]  # fmt: skip
    selected += [f"{sql} AS {engine.quote(column.name)}" for one in made.values() for column, sql in one.columns]
    body = f"SELECT {', '.join(selected)} FROM {source.reference(table)} AS {engine.quote(stub)}"
    body += f" WHERE {where}" if where else ""
    body += f" GROUP BY {', '.join(written)}" if written else ""
    return Block(replace(table, columns=tuple(columns.values()), body=body), tuple(made[call] for call in calls))


def _columns(made: Mapping[Call, Parts]) -> dict[str, Column]:
    return {column.name: column for one in made.values() for column, _ in one.columns}


def _parts(call: Call, writer: Writer, engine: Dialect, prefix: str) -> Parts:
    x = None if call.argument is None or call.type is None else writer.typed(call.argument, call.type)
    if call.kept is not None:
        kept = writer.filter(call.kept)
        x, type_ = f"CASE WHEN {kept} THEN {x or 1} END", call.type or "INTEGER"
        return parts(
            "count" if call.argument is None else call.function, x, type_, engine, lambda end: f"{prefix}{end}"
        )
    return parts(call.function, x, call.type, engine, lambda end: f"{prefix}{end}")


def _key(column: Column, stub: str, able: Capabilities, writer: Writer, engine: Dialect) -> str:
    """What the source groups by."""
    kind = family(column.type)
    if kind not in _KEYS or kind not in able.pushable.get(Operation.EQUAL, ()):
        raise No(f"{able.dialect} is not asked for groups of {column.type}")
    sql = writer.column(exp.column(column.name, table=stub, quoted=True).sql("duckdb"))
    return engine.in_bytes(sql) if _is_text(column) else sql


def _is_text(column: Column) -> bool:
    return family(column.type) is Family.TEXT
