"""Puts blocks in the place of tables: the statement over groups that the sources make, where that pays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lapwing.model.problem import LapwingError
from lapwing.sources.base import Capabilities, Column, Source, Table
from lapwing.sql.aggregate.leaves import From, Node
from lapwing.sql.aggregate.rewrite import put, texts_of, written
from lapwing.sql.aggregate.times import cut_types
from lapwing.sql.aggregate.tree import Grouped, grouped, selects
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
BIG = 300_000
"""Rows from which on a source is asked whether it had better send them."""
UNKNOWN = 1_000_000
"""Rows that a table is taken to have of which nothing is known."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A statement's tables that a source may aggregate, by their stubs' names, with what is read of each; `zone` is the
    session's."""

    occurrences: Mapping[str, Occurrence]
    scans: Mapping[str, Scan]
    functions: Functions
    zone: str
    cursor: Cursor


class Blocks:
    """Safe to use from several threads."""

    def __init__(self, sources: Mapping[str, Source], rows: Rows) -> None:
        self._sources, self._rows = sources, rows

    def pushed(
        self,
        bound: BoundStatement,
        asked: Asked,
        scans: Sequence[Scan],
        functions: Functions,
        zone: str,
        named: Callable[[], Node],
        cursor: Cursor,
    ) -> BoundStatement | None:
        """The statement with blocks in the place of those tables whose rows only go into aggregates; None where there are
        none. `zone`: the session's; `named` gives the engine's syntax tree, each table under its stub's name, which is changed
        to that of the groups; `cursor`: of the planning instance, with the stubs of `bound`.
        """
        fit = {scan.id: one for one, scan in zip(bound.occurrences, scans, strict=True) if self._fit(one, asked)}
        if not fit:
            return None
        known = _Known(fit, {scan.id: scan for scan in scans}, functions, zone, cursor)
        tree = named()
        blocks: dict[str, Table] = {}
        for node, parts in list(selects(tree, {stub: one.table for stub, one in fit.items()})):
            for stubs in self._candidates(parts, known):
                made = self._made(node, parts, stubs, known)
                if made is not None:
                    put(*made, cursor)
                    blocks[stubs[0]] = made[1].table
                    break
        if not blocks:
            return None
        statement = parse(texts_of([tree], cursor)[0], cursor)
        mentions = {reference.parts[0]: reference for reference in statement.references}
        occurrences = tuple(
            replace(one, reference=mentions[one.stub], table=blocks.get(one.stub, one.table))
            for one in bound.occurrences
            if one.stub in mentions
        )
        return BoundStatement(replace(statement, qualified=()), occurrences, (), bound.tables)

    def _fit(self, one: Occurrence, asked: Asked) -> bool:
        """The plan reads it, and its source can aggregate."""
        able = self._able(one)
        return one.number in asked.sightings and able.statements and not able.native

    def _able(self, one: Occurrence) -> Capabilities:
        return self._sources[one.table.source].capabilities

    def _candidates(self, parts: From, known: _Known) -> Iterator[tuple[str, ...]]:
        """What a block may stand for, the best first: all tables of a SELECT, or one of them. The first of several gives the
        block its name."""
        stubs = [leaf.stub for leaf in parts.leaves if leaf.stub is not None]
        stubs.sort(key=lambda stub: -(known.occurrences[stub].table.rows or 0))
        whole, alike = (
            len(parts.leaves) == len(stubs),
            len({known.occurrences[stub].table.source for stub in stubs}) == 1,
        )
        able = [stub for stub in stubs if self._able(known.occurrences[stub]).optimizer]
        if whole and alike and (len(stubs) == 1 or able):
            yield tuple(stubs)
        if len(parts.leaves) > 1:
            yield from ((stub,) for stub in able)

    def _made(self, node: Node, parts: From, stubs: tuple[str, ...], known: _Known) -> tuple[Grouped, Block] | None:
        """What stands for the tables; None where that does not pay or might mean something else at the source."""
        from lapwing.sql.aggregate.block import BlockWriter, Unwritten
        from lapwing.sql.capability import No

        tables = {stub: known.occurrences[stub].table for stub in stubs}
        source = self._sources[tables[stubs[0]].source]
        writer: BlockWriter | None = None
        kept: frozenset[int] = frozenset()
        while True:
            found = grouped(node, parts, stubs, known.functions, cut_types(known.zone), kept)
            groups = None if found is None else self._groups(found, tables, known)
            if found is None or groups is None:
                return None
            writer = writer or BlockWriter(source, tables)
            try:
                made = writer.block(found, written(found, known.occurrences, known.cursor))
            except Unwritten as condition:
                kept |= {condition.node}
            except (No, LapwingError):
                return None
            else:
                made = replace(made, table=replace(made.table, rows=round(groups)))
                return None if self._rows_cost_less(made.table, tables, known) else (found, made)

    def _rows_cost_less(self, block: Table, tables: Mapping[str, Table], known: _Known) -> bool:
        """Big tables may be here sooner as they are, by several connections, than as groups."""
        if all((table.rows or 0) < BIG for table in tables.values()):
            return False
        source, scans = self._sources[block.source], [known.scans[stub] for stub in tables]
        reads = [source.scan_sql(scan.table, scan.needed, scan.where) for scan in scans]
        return source.rows_cost_less(block, reads)

    def _groups(self, found: Grouped, tables: Mapping[str, Table], known: _Known) -> float | None:
        """About how many; None where they are too many to be worth it."""
        expected = {stub: self._expected(table, known.scans[stub]) for stub, table in tables.items()}
        rows = max((one for one in expected.values() if one is not None), default=None)
        groups = 1.0
        for stub, table in tables.items():
            known_rows = expected[stub]
            most = float(UNKNOWN) if known_rows is None else known_rows
            own = 1.0

            def different(column: Column, most: float = most) -> float:
                return max(1.0, column.distinct or most**0.5)

            for column in table.columns:
                if (stub, column.name.lower()) in found.keys:
                    own *= different(column)
            cuts = [(made, column) for made in found.made.values() for column in table.columns
                    if made.column == (stub, column.name.lower())]  # fmt: skip
            for made, column in cuts:
                own *= min(different(column), made.cut.most)
            groups *= min(own, max(1.0, most))
        share = PICKED_SHARE if found.alone and found.node["having"] is not None else SHARE
        if rows is None:
            return groups
        return None if rows < FEW or groups > share * rows else min(groups, rows)

    def _expected(self, table: Table, scan: Scan) -> float | None:
        found = self._rows(self._sources[table.source], table, scan.where)
        return float(table.rows) if found is None and table.rows is not None else found
