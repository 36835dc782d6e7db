"""What runs, and stopping it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from lapwing.server.documents.asked import Queries, QueryState
from lapwing.server.encode.columnar import dumps
from lapwing.server.services import services

router = APIRouter(tags=["sql"], prefix="/api/queries")


@router.get("", response_model=Queries)
def recent_queries(request: Request) -> Response:
    """Statements that run or ran lately, the latest first."""
    found = [query.as_dict() for query in services(request).queries.recent()]
    return Response(dumps({"queries": found}), media_type="application/json")


@router.get("/{query_id}", response_model=QueryState)
def query_state(query_id: str, request: Request) -> Response:
    """How far a statement has come."""
    return Response(dumps(services(request).queries.get(query_id).as_dict()), media_type="application/json")


@router.delete("/{query_id}", response_model=QueryState)
def cancel_query(query_id: str, request: Request) -> Response:
    """Stops a statement at its sources. Harmless when it has ended."""
    return Response(dumps(services(request).queries.cancel(query_id).as_dict()), media_type="application/json")
