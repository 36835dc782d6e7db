"""Rows that are there already, or that another statement reads just now, told as a statement that runs: watched, cancelled
and limited in time like others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from lapwing.sources.base import Source
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
    """See `Running`. `find` is called once, when rows are wanted, again and again with a pause until it gives them (or None:
    there are none, and the statement runs after all); it raises `Wait` where they are not there yet."""

    def __init__(
        self,
        plan: Plan,
        find: Callable[[], Rows | None],
        *,
        engine: Engine,
        sources: Mapping[str, Source],
        given: Mapping[str, pa.Table],
        time_limit: float,
        query_id: str,
    ) -> None:
        self._find = find
        self._told: Rows | None = None
        self._alone = False
        super().__init__(plan, engine=engine, sources=sources, given=given, time_limit=time_limit, query_id=query_id)

    def _take(self, plan: Plan) -> None:
        self.plan = plan
        self._feeds = {}

    def _batches(self) -> Iterator[pa.RecordBatch]:
        while True:
            self._check()
            try:
                self._told = self._find()
                break
            except Wait as wait:
                wait.pause()
        if self._told is not None:
            self.kept = self._told.since
            yield from self._told
            return
        super()._take(self.plan)
        self._alone = True
        yield from super()._batches()

    def _release(self) -> None:
        if self._told is not None:
            self._told.close()
        if self._alone:
            super()._release()

    def _interrupt(self) -> None:
        if self._alone:
            super()._interrupt()

    def _fraction(self) -> float | None:
        return super()._fraction() if self._alone else None


class Wait(Exception):
    """The rows may be there after `pause`, which ends as soon as they are."""

    def __init__(self, pause: Callable[[], object]) -> None:
        self.pause = pause
