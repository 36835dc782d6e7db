"""What runs, and stopping it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lapwing.server.documents.asked import Queries, QueryDetail, QueryLog, QueryState
from lapwing.server.encode.columnar import dumps
from lapwing.server.problem import body
from lapwing.server.query_log import read
from lapwing.server.services import services
from lapwing.sql.document import plan_document

router = APIRouter(tags=["sql"])


@router.get("/api/queries", response_model=Queries)
def recent_queries(request: Request) -> Response:
    """Statements that run or ran lately, the latest first."""
    return Response(dumps({"queries": services(request).queries.documents()}), media_type="application/json")


@router.get("/api/query-log", response_model=QueryLog)
def logged(
    request: Request,
    since: datetime | None = None,
    who: str | None = None,
    limit: Annotated[int, Query(ge=0, le=10_000)] = 100,
) -> Response:
    """Statements that ended, the latest first, from this project's log; `since` a moment, in UTC where it has no zone."""
    project = services(request).lapwing.project
    after = since if since is None or since.tzinfo else since.replace(tzinfo=UTC)
    found = read(project.state_path.parent, keep=project.query_log.keep, since=after, who=who, limit=limit)
    return Response(dumps({"queries": found}), media_type="application/json")


@router.get("/api/queries/{query_id}", response_model=QueryDetail)
def query_state(query_id: str, request: Request) -> Response:
    """How far a statement has come, with its plan and what each source is sent; of a submitted one that is done its receipt."""
    queries = services(request).queries
    query = queries.get(query_id)
    told = queries.document(query)
    plan = None if query.plan is None else plan_document(query.plan, query.progress)
    error = query.error
    problem = None if error is None else body(error.status, error.problems, query.id)
    receipt = None if query.receipt is None else query.receipt.as_dict()
    return Response(
        dumps({**told, "plan": plan, "problem": problem, "receipt": receipt}), media_type="application/json"
    )


@router.delete("/api/queries/{query_id}", response_model=QueryState)
def cancel_query(query_id: str, request: Request) -> Response:
    """Stops a statement at its sources. Harmless when it has ended."""
    queries = services(request).queries
    return Response(dumps(queries.document(queries.cancel(query_id))), media_type="application/json")
