"""All tables of all sources under their names, and the nearest ones to a wrong name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, NotFound, Place, Problem
from lapwing.sources.base import Source, Table
from lapwing.sources.patience import patient

# A source's own schema, which names may leave out.
DEFAULT_SCHEMAS = {
    "postgres": "public",
    "duckdb": "main",
    "sqlite": "main",
    **dict.fromkeys(("files", "mariadb", "bigquery", "delta", "iceberg", "trino"), ""),
}
_LISTING = 60.0
"""Seconds for what all sources have; those that take longer are left out, and told."""


class Catalog:
    """The namespace `source.schema.table`; a source's default schema may be left out, and letters' case does not count.

    It holds nothing itself: each source caches its tables until it changed.
    """

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def tables(self) -> tuple[Table, ...]:
        """The tables of all sources that answer."""
        with patient(_LISTING):
            return tuple(table for name in self._sources for table in self._tables_or_none(name))

    def problems(self) -> tuple[Problem, ...]:
        """Why the other sources do not answer, and tables can't be read."""
        with patient(_LISTING):
            return tuple(dict.fromkeys(problem for name in self._sources for problem in self._problems(name)))

    def resolve(self, parts: tuple[str, ...], place: Place | None = None) -> Table:
        """The table called `parts`.

        Raises:
            NotFound: no such source or table, with the nearest names.
            SourceError: the source does not answer.
        """
        if len(parts) < 2:
            raise self._unqualified(parts[0], place)
        source = self.source(parts[0], place)
        tables = source.tables()
        wanted = tuple(part.lower() for part in parts[1:])
        default = DEFAULT_SCHEMAS.get(source.kind, "")
        for table in tables:
            full = (table.schema.lower(), table.name.lower())
            if full == wanted or (len(wanted) == 1 and full[1] == wanted[0] and full[0] in ("", default)):
                return table
            if full[0] == "" and wanted == (default, full[1]):
                return table
        alone = [table for table in tables if wanted == (table.name.lower(),)]
        if len(alone) == 1:  # no other schema of the source has one of that name
            return alone[0]
        for name, why in source.broken().items():
            if wanted == (name.lower(),):
                raise why
        names = {f"{table.schema}.{table.name}": table for table in tables if table.schema}
        names |= {table.name: table for table in tables}
        near = nearest(".".join(parts[1:]), names)
        raise NotFound.of(
            "unknown-table",
            f"The source {source.name} has no table {'.'.join(parts[1:])}.",
            place=place,
            nearest=dict.fromkeys(self.short(names[name]) for name in near),
            hint=None if near else f"It has {_some([self.short(table) for table in tables])}.",
        )

    def source(self, name: str, place: Place | None = None) -> Source:
        """The source called `name`.

        Raises:
            NotFound: no such source, with the nearest names.
        """
        by_name = {known.lower(): known for known in self._sources}
        if name.lower() not in by_name:
            raise NotFound.of(
                "unknown-source",
                f"There is no source {name}.",
                place=place,
                nearest=nearest(name, self._sources),
                hint=f"The project has {_some(list(self._sources))}.",
            )
        return self._sources[by_name[name.lower()]]

    def short(self, table: Table) -> str:
        """The shortest name of the table."""
        default = DEFAULT_SCHEMAS.get(self._sources[table.source].kind, "")
        return f"{table.source}.{table.name}" if table.schema in ("", default) else table.path

    def _unqualified(self, name: str, place: Place | None) -> NotFound:
        tables = self.tables()
        same = [self.short(table) for table in tables if table.name.lower() == name.lower()]
        near = same or [
            self.short(table)
            for wanted in nearest(name, {table.name for table in tables})
            for table in tables
            if table.name == wanted
        ]
        message = f"There is no table {name}; tables are called source.table."
        return NotFound(Problem("unknown-table", message, place, tuple(near[:3])))

    def _tables_or_none(self, name: str) -> tuple[Table, ...]:
        try:
            return self._sources[name].tables()
        except LapwingError:  # `problems` tells why
            return ()

    def _problems(self, name: str) -> Iterator[Problem]:
        try:
            for error in self._sources[name].broken().values():
                yield from error.problems
            self._sources[name].tables()
        except LapwingError as error:  # it does not answer, or its folder is not there
            yield from error.problems


def _some(names: list[str], most: int = 5) -> str:
    if not names:
        return "none"
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
