"""Puts blocks in the place of tables: the statement over groups that the sources make, where that pays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lapwing.model.problem import LapwingError
from lapwing.sources.base import Source, Table
from lapwing.sql.aggregate.rewrite import calls, put, texts_of, tree_of
from lapwing.sql.aggregate.tree import Grouped, grouped
from lapwing.sql.ask import Asked
from lapwing.sql.bind import BoundStatement, Occurrence
from lapwing.sql.functions import Functions
from lapwing.sql.nodes import Scan
from lapwing.sql.parse import parse

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor
    from lapwing.sql.aggregate.block import Block

Rows = Callable[[Source, Table, str | None], float | None]
"""About how many rows of a table a condition in its source's dialect (None: no condition) is true of."""
SHARE = 0.1
"""Groups that are more than this share of the rows are not worth grouping at the source; 0.25 was slower there."""
PICKED_SHARE = 0.5
"""The same where the source picks some of the groups, so that few travel."""
FEW = 4_000
"""So few rows are as quick to read."""


class Blocks:
    """Safe to use from several threads."""

    def __init__(self, sources: Mapping[str, Source], rows: Rows) -> None:
        self._sources, self._rows = sources, rows

    def pushed(
        self, bound: BoundStatement, asked: Asked, scans: Sequence[Scan], functions: Functions, cursor: Cursor
    ) -> BoundStatement | None:
        """The statement with blocks in the place of those tables whose rows only go into aggregates; None where there are
        none. `cursor`: of the planning instance, with the stubs of `bound`.

        Its text is made from the engine's syntax tree, each table under its stub's name.
        """
        pairs = zip(bound.occurrences, scans, strict=True)
        fit = {scan.id: (one, scan) for one, scan in pairs if self._fit(one, scan, asked)}
        if not fit:
            return None
        tree = tree_of(bound.replaced({one.number: one.stub for one in bound.occurrences}).text, cursor)
        blocks: dict[str, Table] = {}
        for found in list(grouped(tree, {key: one.table for key, (one, _) in fit.items()}, functions)):
            made = self._block(found, *fit[found.stub], cursor)
            if made is not None:
                put(found, made, cursor)
                blocks[found.stub] = made.table
        if not blocks:
            return None
        statement = parse(texts_of([tree], cursor)[0], cursor)
        mentions = {reference.parts[0]: reference for reference in statement.references}
        occurrences = tuple(
            replace(one, reference=mentions[one.stub], table=blocks.get(one.stub, one.table))
            for one in bound.occurrences
        )
        return BoundStatement(replace(statement, qualified=()), occurrences, (), bound.tables)

    def _fit(self, one: Occurrence, scan: Scan, asked: Asked) -> bool:
        """All its rows that the source's conditions leave go into one aggregate, and the source can aggregate."""
        able = self._sources[one.table.source].capabilities
        seen = asked.sightings.get(one.number, ())
        alone = len(seen) == 1 and seen[0].grouped and not seen[0].again
        return alone and able.statements and not able.native and not scan.kept and scan.limit is None

    def _block(self, found: Grouped, one: Occurrence, scan: Scan, cursor: Cursor) -> Block | None:
        """What stands for the table; None where that does not pay or might mean something else at the source."""
        from lapwing.sql.aggregate.block import block
        from lapwing.sql.capability import No

        source = self._sources[one.table.source]
        rows = self._rows(source, one.table, scan.where)
        rows = one.table.rows if rows is None else rows
        groups = _groups(found, one.table, rows)
        share = PICKED_SHARE if found.alone and found.node["having"] is not None else SHARE
        if rows is not None and (rows < FEW or groups > share * rows):
            return None
        try:
            made = block(source, one.table, one.stub, scan.where, found.keys, calls(found, one, cursor))
        except (No, LapwingError):
            return None
        return replace(made, table=replace(made.table, rows=round(groups)))


def _groups(found: Grouped, table: Table, rows: float | None) -> float:
    """About how many; of a column that nothing is known of, that it has as many values as groups of as many rows."""
    most = rows if rows is not None else float(table.rows or 1_000_000)
    groups = 1.0
    for column in table.columns:
        if column.name.lower() in found.keys:
            groups *= max(1.0, column.distinct or most**0.5)
    return min(groups, most)
