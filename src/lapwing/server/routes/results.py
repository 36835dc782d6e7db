"""Results of statements that are kept: listed, and removed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lapwing.server.documents.results import Emptied, KeptResults
from lapwing.server.encode.columnar import dumps
from lapwing.server.services import services

router = APIRouter(tags=["sql"], prefix="/api/results")


@router.get("", response_model=KeptResults)
def results(request: Request, limit: Annotated[int, Query(ge=0, le=10_000)] = 100) -> Response:
    """What is kept, the last told first."""
    return Response(dumps(services(request).lapwing.results.status(limit)), media_type="application/json")


@router.delete("", response_model=Emptied)
def empty(request: Request) -> Response:
    """Removes all; statements are run again."""
    removed = services(request).lapwing.results.shelf.empty()
    return Response(dumps({"removed": removed}), media_type="application/json")
