"""How a metric query would be answered."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from lapwing.server.documents.asked import Explanation, QueryBody
from lapwing.server.encode.columnar import dumps
from lapwing.server.routes.answer import query_of
from lapwing.server.services import services

router = APIRouter(tags=["query"], prefix="/api/query")


@router.post("/explain", response_model=Explanation)
def explain_query(request: Request, body: QueryBody) -> Response:
    """Which rollups, and which part of the source, would answer the query, with every check on every rollup; without
    reading a row."""
    found = services(request).lapwing.explain(query_of(body))
    return Response(dumps(found.as_dict()), media_type="application/json")
