"""Statements that one submits, and comes back to for their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from lapwing.model.problem import LapwingError
from lapwing.query.results.entry import Entry
from lapwing.server.asking import asking
from lapwing.server.detached import page
from lapwing.server.documents.asked import QueryId, QueryState, RowsPage, SubmitBody
from lapwing.server.encode.cells import json_rows
from lapwing.server.encode.columnar import dumps
from lapwing.server.encode.stream import MEDIA_TYPES, Format, encode
from lapwing.server.encode.types import columns
from lapwing.server.negotiate import wanted
from lapwing.server.routes.sql import FORMATS, query_of
from lapwing.server.services import services

router = APIRouter(tags=["sql"])
_PAGES = {
    "description": "A page of rows; by Accept all of them as CSV, Arrow or Parquet.",
    "content": {kind: {} for kind in (MEDIA_TYPES[form].partition(";")[0] for form in FORMATS)},
}


@router.post("/api/queries", status_code=202, response_model=QueryState)
def submit(body: SubmitBody, request: Request) -> Response:
    """Runs one SELECT while nobody waits for it. Its state is at the address in Location, its rows below that once it is done,
    for an hour."""
    found = services(request)
    query = found.queries.begin(body.text, body.query_id, who=asking(request), priority=body.priority)
    try:
        found.detached.submit(query, query_of(body, query, body.time_limit))
    except LapwingError as error:
        found.queries.end(query, error)
        raise
    headers = {"location": f"/api/queries/{query.id}", "lapwing-query-id": query.id}
    return Response(dumps(found.queries.document(query)), 202, headers, "application/json")


@router.get("/api/queries/{query_id}/rows", response_model=RowsPage, responses={200: _PAGES})
def rows(
    query_id: QueryId,
    request: Request,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=0, le=10_000)] = 1_000,
) -> Response:
    """The rows of a statement that was submitted and is done: as JSON those from `offset`, `limit` at most; `next` is where
    the next page begins."""
    entry = services(request).detached.rows(query_id)
    form = wanted(request.headers.get("accept"), FORMATS)
    if form is not None:
        headers = {"content-disposition": f'attachment; filename="lapwing.{form}"', "lapwing-query-id": query_id}
        return StreamingResponse(_file(entry, form), media_type=MEDIA_TYPES[form], headers=headers)
    with closing(entry):
        schema = entry.schema()
        parts = [json_rows(batch) for batch in page(entry, offset, limit)]
    told = [row for part in parts for row in part]
    after = offset + len(told)
    answer = {
        "query_id": query_id,
        "columns": columns(schema),
        "offset": offset,
        "rows": told,
        "total": entry.facts.rows,
        "next": after if after < entry.facts.rows else None,
    }
    return Response(orjson.dumps(answer), media_type="application/json")


def _file(entry: Entry, form: Format) -> Iterator[bytes]:
    with closing(entry):
        yield from encode(entry.schema(), iter(entry), form)
