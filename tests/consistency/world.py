"""The nasty data in every source that runs here, and plain DuckDB over the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import duckdb
from tests.consistency.emulated import uncounted
from tests.consistency.kept import LACKING, NEAR, holds
from tests.consistency.made import tables_of
from tests.consistency.servers import SERVERS
from tests.consistency.stored import STORED
from tests.sql.conftest import service

from lapwing.model.problem import LapwingError
from lapwing.model.project import SourceConfig
from lapwing.sql.nodes import Plan
from lapwing.sql.parse import Reference
from lapwing.sql.service import SqlService

DATA = Path(__file__).parent / "data.sql"


@dataclass(frozen=True, eq=False)
class World:
    """`sql` has the sources; `truth` the same tables in a schema for each source, with the types they have there."""

    sql: SqlService
    truth: duckdb.DuckDBPyConnection
    pushed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def mentions(self, text: str) -> tuple[Reference, ...]:
        """The tables that a statement names; none where it does not parse."""
        try:
            return self.sql._planner.parse(text).references
        except LapwingError:
            return ()

    def seen(self, spread: str, plan: Plan | None) -> str | None:
        """Counts a statement, and what of it went to sources; tells why it is not counted, and its answer not looked at, where
        an emulator is known to be wrong."""
        scans = plan.scans if plan is not None else ()
        if why := uncounted(scans):
            self.pushed[spread, f"not counted, because {why}"] += 1
            return why
        self.pushed[spread, "statements"] += 1
        self.pushed[spread, "with conditions at a source"] += any(scan.pushed for scan in scans)
        self.pushed[spread, "with a limit at a source"] += any(scan.limit is not None for scan in scans)
        self.pushed[spread, "with keys of another source"] += any(scan.keys for scan in scans)
        self.pushed[spread, "without columns of conditions"] += any(scan.unread for scan in scans)
        self.pushed[spread, "with groups made at a source"] += any(scan.table.body for scan in scans)
        return None


def world(
    folder: Path,
    dsns: Mapping[str, str],
    data: str,
    sources: tuple[str, ...] = NEAR,
    lacking: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> Iterator[World]:
    """All `sources` in one project, with the tables that the SQL of `data` makes; `dsns` of those that are servers;
    `lacking`: columns that a source has not."""
    truth = duckdb.connect()
    truth.execute("set TimeZone = 'UTC'").fetchall()
    truth.execute(data).fetchall()
    tables = tables_of(truth)
    configs: dict[str, SourceConfig] = {}
    for source in sources:
        without = lacking.get(source, frozenset()) | LACKING.get(source, {}).keys()
        held = tuple(one.without(without).of(source, truth) for one in tables if holds(source, one.written))
        truth.execute(f"create schema {source}").fetchall()
        for table in held:
            truth.execute(f"create table {source}.{table.written} as {table.selected(source)}").fetchall()
        configs[source] = (
            STORED[source](folder, truth, held) if source in STORED else SERVERS[source](dsns[source], held)
        )
    for sql in service(folder, configs):
        yield World(sql, truth)
    truth.close()
