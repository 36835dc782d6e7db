"""The cache: what rollups hold and do, what built them, and building them now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lapwing.server.describe_rollups import refreshing_entry, rollups
from lapwing.server.documents.rollups import RefreshBody, RefreshDocument, RefreshingDocument, RollupsDocument, Runs
from lapwing.server.encode.columnar import dumps
from lapwing.server.services import Services, services

router = APIRouter(tags=["cache"], prefix="/api/rollups")


@router.get("", response_model=RollupsDocument)
def all_rollups(request: Request, check: bool = True) -> Response:
    """What rollups hold, how fresh they are and what they did; with `check` the sources are asked whether they changed."""
    return Response(dumps(rollups(services(request), check=check)), media_type="application/json")


@router.get("/runs", response_model=Runs)
def runs(request: Request, which: str | None = None, limit: Annotated[int, Query(ge=0, le=10_000)] = 100) -> Response:
    """What built rollups, or tried to, the latest first."""
    found = services(request).lapwing.cache.runs(which or None)
    return Response(dumps({"runs": [one.as_dict() for one in found[:limit]]}), media_type="application/json")


@router.get("/refresh", response_model=RefreshDocument)
def refreshing(request: Request) -> Response:
    """What is being built here now."""
    return Response(dumps(_state(services(request))), media_type="application/json")


@router.post("/refresh", response_model=RefreshDocument, status_code=202)
def refresh(body: RefreshBody, request: Request) -> Response:
    """Begins to build what changed; what is under way already goes on."""
    found = services(request)
    found.refresher.ask(body.which or None)
    return Response(dumps(_state(found)), 202, media_type="application/json")


@router.delete("/refresh/{dataset}", response_model=RefreshingDocument)
def cancel(dataset: str, request: Request) -> Response:
    """Stops a run after the partitions it is at; what it built stays."""
    one = services(request).refresher.cancel(dataset)
    return Response(dumps(refreshing_entry(one)), media_type="application/json")


def _state(found: Services) -> dict[str, object]:
    running = [refreshing_entry(one) for one in found.refresher.running()]
    return {"keeps_promises": found.refresher.keeps_promises, "running": running}
