"""The tables of the nasty data, as plain DuckDB holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb
from tests.consistency.kept import ROWS, TYPES


@dataclass(frozen=True)
class Made:
    """A table: its name as written in SQL, its columns' names and types, its rows."""

    written: str
    name: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]

    def definition(self, words: Mapping[str, str], special: Mapping[str, str], quote: str = '"') -> str:
        """The columns of CREATE TABLE: `words` are the source's for types, `special` types of single columns."""
        return ", ".join(
            f"{quote}{name.replace(quote, quote * 2)}{quote} {special.get(name) or words.get(kind, kind)}"
            for name, kind in self.columns
        )

    @property
    def kinds(self) -> frozenset[str]:
        """The types of its columns."""
        return frozenset(kind for _, kind in self.columns)

    def without(self, lacking: frozenset[str]) -> Made:
        """The table without these columns."""
        kept = [number for number, (name, _) in enumerate(self.columns) if name not in lacking]
        rows = tuple(tuple(row[number] for number in kept) for row in self.rows)
        return replace(self, columns=tuple(self.columns[number] for number in kept), rows=rows)

    def selected(self, source: str) -> str:
        """Its rows in plain DuckDB that the source keeps, with the types they have there."""
        kinds = TYPES.get(source, {})
        casts = (f"{quoted(name)}::{kinds.get(kind, kind)} as {quoted(name)}" for name, kind in self.columns)
        where, _ = ROWS.get(source, {}).get(self.name, ("true", ""))
        return f"select {', '.join(casts)} from {self.written} where {where}"

    def of(self, source: str, truth: duckdb.DuckDBPyConnection) -> Made:
        """The table with the rows that the source keeps, as the types of the data."""
        where, _ = ROWS.get(source, {}).get(self.name, ("true", ""))
        names = ", ".join(quoted(name) for name, _ in self.columns)
        found = truth.execute(f"select {names} from {self.written} where {where}").fetchall()
        return replace(self, rows=tuple(found))


def tables_of(truth: duckdb.DuckDBPyConnection) -> tuple[Made, ...]:
    """What the connection holds, in the order it was made."""
    found = []
    for (name,) in truth.execute("select table_name from duckdb_tables() order by table_oid").fetchall():
        written = name if name.islower() else quoted(name)
        columns = tuple((one, kind) for one, kind, *_ in truth.execute(f"describe {written}").fetchall())
        found.append(Made(written, name, columns, tuple(truth.execute(f"from {written}").fetchall())))
    return tuple(found)


def quoted(name: str) -> str:
    """A name of the engine's SQL."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
