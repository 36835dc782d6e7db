"""SQL: a stream of rows that can be watched and cancelled, the plan, and what may be written."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import orjson
import pyarrow as pa
from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from lapwing.model.duration import parse_duration
from lapwing.model.problem import LapwingError
from lapwing.query.ask import SqlQuery, Wishes
from lapwing.query.statement import SqlAnswer
from lapwing.server.asking import asking
from lapwing.server.documents.asked import PlanAnswer, PlanBody, SqlBody, SubmitBody
from lapwing.server.encode.cells import json_rows
from lapwing.server.encode.columnar import dumps
from lapwing.server.encode.stream import MEDIA_TYPES, Format, encode
from lapwing.server.encode.types import columns
from lapwing.server.live import LiveResponse
from lapwing.server.negotiate import wanted
from lapwing.server.problem import body as problem_document
from lapwing.server.problem import of_error
from lapwing.server.queries import Query
from lapwing.server.services import Services, services
from lapwing.sql.document import plan_document

router = APIRouter(tags=["sql"])
FORMATS = (Format.CSV, Format.ARROW, Format.PARQUET)
NDJSON = "application/x-ndjson"
_CHUNK_ROWS = 2_000
_STREAMS = {
    "description": 'Lines: {"query_id", "columns", "plan"}, then {"rows": [[...], ...]} as they come, then {"done": true, '
    '"rows", "truncated", "milliseconds", "receipt"} or {"problem": {...}}. By Accept also CSV, Arrow, Parquet.',
    "content": {kind: {} for kind in (NDJSON, *(MEDIA_TYPES[form].partition(";")[0] for form in FORMATS))},
}


@router.post("/api/sql", response_class=Response, responses={200: _STREAMS})
async def run_sql(body: SqlBody, request: Request) -> Response:
    """Runs one SELECT; rows are sent as they come. Going away cancels it."""
    found = services(request)
    query = found.queries.begin(body.text, body.query_id, who=asking(request), priority=body.priority)
    try:
        left = await found.queries.turn(query, body.time_limit, request.is_disconnected)
        answer = await to_thread.run_sync(_start, found, query, body, left, limiter=found.statements)
    except LapwingError as error:
        found.queries.end(query, error)
        return of_error(error, query.id)
    form = wanted(request.headers.get("accept"), FORMATS)
    limited = _limited(answer, query, body.limit)
    chunks = _lines(found, query, answer, limited) if form is None else _file(found, query, answer, limited, form)
    media_type = NDJSON if form is None else MEDIA_TYPES[form]
    headers = {"lapwing-query-id": query.id, "x-accel-buffering": "no"}
    if form is not None:
        headers["content-disposition"] = f'attachment; filename="lapwing.{form}"'

    def abandon() -> None:
        found.queries.cancel(query.id)

    return LiveResponse(chunks, abandon, limiter=found.statements, media_type=media_type, headers=headers)


def _start(found: Services, query: Query, body: SqlBody, time_limit: float) -> SqlAnswer:
    found.queries.start(query)
    answer = found.lapwing.run_sql(query_of(body, query, time_limit), query.id)
    found.queries.attach(query, answer.running)
    return answer


def query_of(body: SubmitBody, query: Query, time_limit: float) -> SqlQuery:
    """What a body asks, by who asks it."""
    wishes = Wishes(
        cache=not body.no_cache,
        max_age=parse_duration(body.max_age).total_seconds() if body.max_age else None,
        time_limit=time_limit,
        maximum_bytes_billed=body.maximum_bytes_billed,
        maximum_rows=body.maximum_rows,
        maximum_bytes=body.maximum_bytes,
    )
    return SqlQuery(
        text=body.text,
        zone=body.zone or None,
        wishes=wishes,
        engine=body.engine,
        who=query.who,
        priority=query.priority,
    )


def _limited(answer: SqlAnswer, query: Query, limit: int | None) -> Iterator[pa.RecordBatch]:
    """The rows in handy batches, no more than `limit`; counted, and whether there are more."""
    for batch in answer.running:
        for start in range(0, batch.num_rows, _CHUNK_ROWS):
            left = _CHUNK_ROWS if limit is None else limit - query.rows
            part = batch.slice(start, min(_CHUNK_ROWS, left))
            query.rows += part.num_rows
            if part.num_rows:
                yield part
            if left < min(_CHUNK_ROWS, batch.num_rows - start):
                query.truncated = True
                return


def _lines(found: Services, query: Query, answer: SqlAnswer, batches: Iterator[pa.RecordBatch]) -> Generator[bytes]:
    plan = plan_document(answer.running.plan)
    yield dumps({"query_id": query.id, "columns": columns(answer.running.schema), "plan": plan}) + b"\n"
    try:
        with answer.running:
            for batch in batches:
                yield orjson.dumps({"rows": json_rows(batch)}) + b"\n"
            receipt = answer.receipt().as_dict()
            done_plan = plan_document(answer.running.plan, answer.running.progress())
        found.queries.end(query)
    except LapwingError as error:
        found.queries.end(query, error)
        problem = {**error.problems[0].as_dict(), **problem_document(error.status, error.problems, query.id)}
        yield dumps({"problem": problem}) + b"\n"
        return
    milliseconds = round(query.milliseconds, 3)
    told = {"done": True, "rows": query.rows, "truncated": query.truncated, "milliseconds": milliseconds}
    yield dumps({**told, "plan": done_plan, "receipt": receipt}) + b"\n"


def _file(
    found: Services, query: Query, answer: SqlAnswer, batches: Iterator[pa.RecordBatch], form: Format
) -> Generator[bytes]:
    with answer.running:
        try:
            yield from encode(answer.running.schema, batches, form)
            found.queries.end(query)
        except LapwingError as error:
            found.queries.end(query, error)
            raise  # the connection breaks, so that a cut file is not taken for a whole one


@router.post("/api/sql/plan", response_model=PlanAnswer)
def plan_sql(body: PlanBody, request: Request) -> Response:
    """How a statement would run, without running it."""
    lapwing = services(request).lapwing
    asked = SqlQuery(text=body.text, zone=body.zone or None, engine=body.engine)
    told = lapwing.explained_sql(asked)
    data = {"plan": told.document, "text": told.text}
    return Response(dumps(data), media_type="application/json")
