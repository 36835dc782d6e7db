"""Rows that are there already, told as a statement that runs: watched, cancelled and limited in time like others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from lapwing.sql.nodes import Plan
from lapwing.sql.run import Running

if TYPE_CHECKING:
    from lapwing.sources.engine import Engine


class Rows(Protocol):
    """Batches of a plan's schema, once; `since`: when they were read (UTC ISO 8601)."""

    @property
    def since(self) -> str: ...
    def __iter__(self) -> Iterator[pa.RecordBatch]: ...
    def close(self) -> None: ...


class Replay(Running):
    """See `Running`. Nothing of it runs in the engine or at a source."""

    def __init__(self, plan: Plan, rows: Rows, *, engine: Engine, time_limit: float, query_id: str) -> None:
        self._told = rows
        self.kept = rows.since
        super().__init__(plan, engine=engine, sources={}, given={}, time_limit=time_limit, query_id=query_id)

    def _take(self, plan: Plan) -> None:
        self.plan = plan
        self._feeds = {}

    def _batches(self) -> Iterator[pa.RecordBatch]:
        return iter(self._told)

    def _release(self) -> None:
        self._told.close()

    def _interrupt(self) -> None:
        """It is looked at after each batch."""

    def _fraction(self) -> float | None:
        return None
