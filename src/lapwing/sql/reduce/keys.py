"""Writes the values that a column may have as a condition of a source's dialect.

Only families that every source writes exactly are written: whole numbers, texts and dates. An empty set is no row at all.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from lapwing.sources.base import Capabilities, Column, Family, Source
from lapwing.sources.quote import text as quoted
from lapwing.sources.types import family
from lapwing.sql.capability import Renderer
from lapwing.sql.feed import NOTHING
from lapwing.sql.nodes import Key, Scan
from lapwing.states.dialects import dialect_of

WRITTEN = frozenset({Family.INTEGER, Family.TEXT, Family.DATE})
_FEW = 500
"""Values up to which SQLite finds its way by an index through a plain list."""
_LISTED = 200
"""Values up to which files of a lake are chosen by each of them; of more by the least and the greatest alone, which rows in
order of the key are left out by as well, and whose condition takes no time to read."""
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""Since 1970."""
_CASTS = {Family.INTEGER: "bigint", Family.TEXT: "text", Family.DATE: "date"}


def key_condition(capabilities: Capabilities, column: Column, values: pa.Array) -> str | None:
    """The condition that `column` has one of `values` (no nulls among them); None where it is not written, being too many
    or of another family.

    Raises:
        capability.No: the source does not compare the column as the engine does.
    """
    kind = family(column.type)
    if not len(values):
        return NOTHING
    if kind not in WRITTEN or len(values) > capabilities.keys or (kind is Family.DATE and not _of_the_calendar(values)):
        return None
    name = Renderer(capabilities, {column.name: column}).member(column)
    if capabilities.dialect == "duckdb":
        return _in_files(name, kind, values)
    if kind is Family.INTEGER:
        return _numbers(capabilities.dialect, name, values)
    texts = [str(value) for value in values.to_pylist()]
    if any("\0" in text for text in texts):
        return None
    if capabilities.dialect == "postgres":
        return f"{name} = ANY({_array(texts)}::{_CASTS[kind]}[])"
    literal = dialect_of(capabilities.dialect).literal
    typed = "DATE " if kind is Family.DATE and capabilities.dialect != "sqlite" else ""
    return f"{name} IN ({', '.join(typed + literal(text) for text in texts)})"


def inside_condition(capabilities: Capabilities, key: Key, place: str, where: str) -> str:
    """The condition that the key's column has one of the provider's values. `place` stands for the provider's rows in a FROM,
    `where` is about them ("": all).

    Raises:
        capability.No: the source does not compare the columns as the engine does.
    """
    name, provided = (
        Renderer(capabilities, {column.name: column}).member(column) for column in (key.column, key.provided)
    )
    return f"{name} IN (SELECT {provided} FROM {place}{f' WHERE {where}' if where else ''})"


def found_inside(provider: Scan, provided: Column, receiver: Scan, sources: Mapping[str, Source]) -> bool:
    """Whether the receiver's source has the provider as well, and is good at subqueries."""
    able = sources[receiver.table.source].capabilities
    return (
        not receiver.native
        and able.optimizer
        and provider.table.source == receiver.table.source
        and provided.exact_text
    )


def _of_the_calendar(days: pa.Array) -> bool:
    """Whether they are of the years 1 to 9999, which every source writes alike; infinite ones and those BC are not."""
    ends = pc.min_max(days.cast(pa.int32()))
    return bool(ends["min"].as_py() >= _FIRST_DAY and ends["max"].as_py() <= _LAST_DAY)


def _in_files(name: str, kind: Family, values: pa.Array) -> str | None:
    """What leaves out files and groups of rows by their least and greatest values: for a superset of the rows."""
    few = len(values) <= _LISTED
    texts = [str(value.as_py()) for value in (values if few else pc.min_max(values).values())]
    if any(ord(sign) < 32 for text in texts for sign in text):
        return None
    written = texts
    if kind is not Family.INTEGER:
        written = [f"{'DATE ' if kind is Family.DATE else ''}{quoted(text)}" for text in texts]
    return f"{name} IN ({', '.join(written)})" if few else f"{name} BETWEEN {written[0]} AND {written[1]}"


def _numbers(dialect: str, name: str, values: pa.Array) -> str:
    ends = pc.min_max(values)
    low, high = ends["min"].as_py(), ends["max"].as_py()
    if high - low + 1 == len(values):
        return f"{name} BETWEEN {low} AND {high}"
    listed = ",".join(map(str, values.to_pylist()))
    if dialect == "postgres":
        return f"({name} BETWEEN {low} AND {high} AND {name} = ANY('{{{listed}}}'::bigint[]))"
    if dialect == "sqlite" and len(values) > _FEW:
        return f"{name} IN (SELECT value FROM json_each('[{listed}]'))"
    return f"{name} IN ({listed})"


def _array(texts: list[str]) -> str:
    """PostgreSQL's array of texts, as a constant."""
    quoted = ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    return dialect_of("postgres").literal("{" + ",".join(quoted) + "}")
