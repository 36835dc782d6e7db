"""What stands in the engine's statement for a table whose rows are handed to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lapwing.sources.base import Column
from lapwing.sources.quote import identifier
from lapwing.sources.quote import text as literal
from lapwing.sql.bind import restored
from lapwing.sql.nodes import Scan
from lapwing.sql.text import Edited, apply


def relation(scan: Scan, name: str) -> str:
    """The columns that the statement may mean, from the rows that the engine has under `name`."""
    read = {column.name for column in scan.columns}
    values = {one.column.name: one.value for one in scan.constants}
    outputs = (_read(one) if one.name in read else _unread(one, values.get(one.name)) for one in scan.meant)
    return f"(SELECT {', '.join(outputs)} FROM {identifier(name)})"


def feed(scan: Scan) -> str:
    """The engine's name of the scan's rows."""
    return f"feed_{scan.id}"


def moved(edited: Edited, texts: Mapping[int, tuple[str, str]]) -> Edited:
    """The statement with other relations: `texts` has, by where mentions begin, what stands there and what shall. What follows,
    the table's name in the statement, stays."""
    edits = (
        replace(one, text=texts[one.start][1] + one.text.removeprefix(texts[one.start][0]))
        if one.start in texts
        else one
        for one in edited.edits
    )
    return apply(edited.original, tuple(edits))


def _read(column: Column) -> str:
    name = identifier(column.name)
    whole = restored(name, column)
    return name if whole == name else f"{whole} AS {name}"


def _unread(column: Column, value: str | None) -> str:
    """A column nobody takes is there by name and type alone."""
    text = "NULL" if value is None else literal(value)
    return f"CAST({text} AS {column.type}) AS {identifier(column.name)}"
