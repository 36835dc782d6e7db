"""Reads the cases: SQL files, a statement each ended by `;` at a line's end, over the tables of `data.sql`.

Comments before a statement say more of it:

    -- zone Europe/Berlin             the session's zone, UTC without it
    -- refused pg, my: why            these sources (`all`: any) do not answer it, which is then checked too
    -- gives 1, a; 2, null            the rows, where they settle a meaning
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlglot
from tests.consistency.kept import FAR, NEAR, ROWS, SOURCES, TYPES, holds

from lapwing.sql.parse import Reference
from lapwing.sql.text import Edit, apply

FOLDER = Path(__file__).parent / "cases"
FILES = tuple(sorted(FOLDER.glob("*.sql")))
_DIRECTIVE = re.compile(r"-- (zone|refused|gives) (.*)")


@dataclass(frozen=True)
class Case:
    """`refused` maps sources to the reason."""

    place: str
    text: str
    zone: str = "UTC"
    refused: dict[str, str] = field(default_factory=dict)
    gives: str | None = None

    @property
    def ordered(self) -> bool:
        """Whether the statement says in which order its rows come."""
        try:
            return sqlglot.parse_one(self.text, read="duckdb").args.get("order") is not None
        except sqlglot.errors.SqlglotError:
            return False


def read_cases(file: Path) -> tuple[Case, ...]:
    """The cases of a file, in its order."""
    return tuple(_cases(file))


def _cases(file: Path) -> Iterator[Case]:
    lines: list[str] = []
    said: dict[str, str] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("--"):
            if found := _DIRECTIVE.match(line):
                said[found[1]] = found[2]
            continue
        if line or lines:
            lines.append(line)
        if line.endswith(";"):
            text = "\n".join(lines).removesuffix(";")
            yield Case(
                f"{file.name}:{number - len(lines) + 1}",
                text,
                said.get("zone", "UTC"),
                _refused(said["refused"]) if "refused" in said else {},
                said.get("gives"),
            )
            lines, said = [], {}
    assert not lines, f"{file.name}: the last statement has no end"


def _refused(text: str) -> dict[str, str]:
    names, _, reason = text.partition(":")
    assert reason.strip(), text
    named = SOURCES if names.strip() == "all" else [name.strip() for name in names.split(",")]
    assert set(named) <= set(SOURCES), text
    return dict.fromkeys(named, reason.strip())


@dataclass(frozen=True)
class Spread:
    """Which source each mention of a table is read from: all from `alone`, as far as it has them, or spread by `shift`."""

    name: str
    alone: str | None = None
    shift: int = 0
    over: tuple[str, ...] = ()

    def sources(self, tables: tuple[str, ...]) -> tuple[str, ...] | None:
        """The sources of the tables mentioned; None where the source alone has none of them."""
        if not tables:
            return ()
        if self.alone is not None:
            if not any(holds(self.alone, table) for table in tables):
                return None
            return tuple(self.alone if holds(self.alone, table) else "own" for table in tables)
        found = []
        for number, table in enumerate(tables):
            having = [source for source in self.over if holds(source, table)]
            found.append(having[(self.shift + 2 * number) % len(having)])
        return tuple(found)


_NEAR = ("pg", "lite", "my", "iceberg", "ch", "csvs", "delta", "parquet", "own")
_FAR = ("trino", "bq", "pg", "snow", "ch", "trino", "my", "bq", "own", "iceberg")
ALONE = tuple(Spread(source, alone=source) for source in NEAR)
SCATTERED = tuple(Spread(f"scattered {shift}", shift=shift, over=_NEAR) for shift in (0, 1, 4))
SPREADS = ALONE + SCATTERED
FAR_ALONE = tuple(Spread(source, alone=source) for source in FAR)
FAR_SCATTERED = tuple(Spread(f"scattered far {shift}", shift=shift, over=_FAR) for shift in (0, 1))


def chosen(number: int, mentions: int) -> tuple[Spread, ...]:
    """For a case one source, for the next another, mostly one that is told conditions; and where it mentions several tables
    a spread over several."""
    alone = _TURNS[number % len(_TURNS)]
    return (alone, SCATTERED[number % len(SCATTERED)]) if mentions > 1 else (alone,)


_TURNS = tuple(
    next(one for one in ALONE if one.alone == source)
    for source in (
        "pg",
        "my",
        "lite",
        "parquet",
        "pg",
        "my",
        "lite",
        "csvs",
        "ch",
        "delta",
        "iceberg",
        "lite",
        "my",
        "own",
    )
)


def scattered(text: str, references: tuple[Reference, ...], spread: Spread) -> tuple[str, frozenset[str]] | None:
    """The statement over the spread's sources, and which these are."""
    written = [text.encode()[one.start : one.end].decode() for one in references]
    sources = spread.sources(tuple(written))
    if sources is None:
        return None
    edits = (Edit(one.start, one.start, f"{source}.") for one, source in zip(references, sources, strict=True))
    return apply(text, tuple(edits)).text, frozenset(sources)


def as_told(sources: frozenset[str]) -> bool:
    """Whether the sources keep the data as it is told, so that a case's own rows are those of theirs."""
    return not any(source in TYPES or source in ROWS for source in sources)
