"""The project opened in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from lapwing.model.duration import parse_duration
from lapwing.model.grain import Grain
from lapwing.model.names import nearest
from lapwing.model.problem import Conflict, NotFound
from lapwing.python.background import Background
from lapwing.python.errors import interface, told
from lapwing.python.way import Asked, Json, Rows, Task
from lapwing.query.ask import MetricQuery, Order, SqlQuery, Top, Wishes
from lapwing.query.described import listed
from lapwing.query.service import Lapwing
from lapwing.query.statement import SqlAnswer


class EmbeddedRows:
    """See `Rows`."""

    def __init__(self, way: Embedded, answer: SqlAnswer) -> None:
        self._way, self._answer = way, answer
        self.id = answer.running.id
        self.schema = answer.running.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            with told(), self._answer.running:
                yield from self._answer.running
        except Exception as error:
            if self._way.closed:  # the engine is gone
                raise interface("closed", "The connection is closed.") from error
            raise

    def cancel(self) -> None:
        self._answer.running.cancel()

    def close(self) -> None:
        self._answer.running.close()

    def receipt(self) -> Json | None:
        return self._answer.receipt().as_dict()

    def fraction(self) -> float | None:
        return self._answer.running.progress().fraction


class Embedded:
    """See `Way`."""

    def __init__(self, root: Path) -> None:
        with told():
            self._lapwing = Lapwing.open(root)
        self._submitted: dict[str, Background] = {}
        self.closed = False

    def run(self, asked: Asked) -> Rows:
        with told():
            return EmbeddedRows(self, self._lapwing.run_sql(_query(asked), asked.query_id))

    def submit(self, asked: Asked, priority: str) -> Task:
        with told():
            if asked.query_id in self._submitted:
                says = f"There already is a query {asked.query_id}."
                raise Conflict.of("query-exists", says, hint="Take another id.")
            task = self._submitted[asked.query_id] = Background(self._lapwing, _query(asked), asked.query_id)
            return task

    def submitted(self, query_id: str) -> Task:
        with told():
            if query_id not in self._submitted:
                near = nearest(query_id, self._submitted)
                raise NotFound.of("unknown-query", f"There is no query {query_id}.", nearest=near)
            return self._submitted[query_id]

    def cancel(self, query_id: str) -> None:
        """What still is being planned can't be stopped here; its time limit holds."""

    def explain(self, text: str, zone: str | None) -> str:
        with told():
            return self._lapwing.explain_sql(SqlQuery(text=text, zone=zone))

    def query(self, body: Mapping[str, Any]) -> tuple[pa.Table, Json]:
        with told():
            answer = self._lapwing.answer(_query_of(body))
            return answer.table, answer.receipt.as_dict()

    def explain_query(self, body: Mapping[str, Any]) -> Json:
        with told():
            return self._lapwing.explain(_query_of(body)).as_dict()

    def tables(self) -> list[Json]:
        with told():
            return listed(self._lapwing)

    def close(self) -> None:
        self.closed = True
        for task in self._submitted.values():
            task.cancel()
        for task in self._submitted.values():
            task.wait(None)
        self._lapwing.close()


def _query(asked: Asked) -> SqlQuery:
    age = parse_duration(asked.max_age).total_seconds() if asked.max_age else None
    wishes = Wishes(time_limit=asked.time_limit, max_age=age, cache=not asked.no_cache)
    return SqlQuery(text=asked.text, zone=asked.zone, wishes=wishes)


def _query_of(body: Mapping[str, Any]) -> MetricQuery:
    staleness, age, top = body.get("max_staleness"), body.get("max_age"), body.get("top")
    return MetricQuery(
        metrics=tuple(body["metrics"]),
        by=tuple(body.get("by", ())),
        grain=Grain.parse(body["grain"]) if body.get("grain") else None,
        start=body.get("start"),
        end=body.get("end"),
        zone=body.get("zone"),
        where=body.get("where"),
        order=tuple(Order(**one) for one in body.get("order", ())),
        limit=body.get("limit"),
        as_known_at=body.get("as_known_at"),
        restated_since=body.get("restated_since"),
        top=None if top is None else Top(**top),
        wishes=Wishes(
            cache=not body.get("no_cache", False),
            cache_only=body.get("cache_only", False),
            max_staleness=parse_duration(staleness).total_seconds() if staleness else None,
            exact=body.get("exact", False),
            time_limit=body.get("time_limit", 60.0),
            maximum_bytes_billed=body.get("maximum_bytes_billed"),
            max_age=parse_duration(age).total_seconds() if age else None,
        ),
    )
