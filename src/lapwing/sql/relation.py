"""What stands in the engine's statement for a table whose rows are handed to it."""

from __future__ import annotations

from lapwing.sources.base import Column
from lapwing.sources.quote import identifier
from lapwing.sql.bind import restored
from lapwing.sql.nodes import Scan


def relation(scan: Scan, name: str) -> str:
    """The columns that the statement may mean, from the rows that the engine has under `name`."""
    read = {column.name for column in scan.columns}
    outputs = (_output(column, column.name in read) for column in scan.meant)
    return f"(SELECT {', '.join(outputs)} FROM {identifier(name)})"


def _output(column: Column, read: bool) -> str:
    """A column nobody takes is there by name and type alone."""
    name = identifier(column.name)
    if read:
        whole = restored(name, column)
        return name if whole == name else f"{whole} AS {name}"
    return f"CAST(NULL AS {column.type}) AS {name}"
