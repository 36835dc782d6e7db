"""Builds that take more than a moment: listed, looked at, cancelled, wherever they run."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lapwing.server.documents.jobs import JobDocument, Jobs
from lapwing.server.encode.columnar import dumps
from lapwing.server.services import services

router = APIRouter(tags=["cache"], prefix="/api/jobs")


@router.get("", response_model=Jobs)
def jobs(request: Request, running: bool = False, limit: Annotated[int, Query(ge=0, le=10_000)] = 100) -> Response:
    """Builds in any process that shares the store, the latest first; with `running` only those that have not ended."""
    found = [one for one in services(request).lapwing.cache.jobs.all() if not running or one.ended is None]
    now = time.time()
    return Response(dumps({"jobs": [one.as_dict(now) for one in found[:limit]]}), media_type="application/json")


@router.get("/{job}", response_model=JobDocument)
def job(job: str, request: Request) -> Response:
    """One build, by its id or the beginning of it."""
    found = services(request).lapwing.cache.jobs.get(job)
    return Response(dumps(found.as_dict(time.time())), media_type="application/json")


@router.delete("/{job}", response_model=JobDocument)
def cancel(job: str, request: Request, wait: Annotated[float, Query(ge=0, le=60)] = 10.0) -> Response:
    """Asks a build to stop and waits, for so many seconds, until it has; what is published stays. Of a lost one all that goes
    on elsewhere is cancelled."""
    found = services(request).lapwing.cache.cancel_job(job, wait=wait)
    return Response(dumps(found.as_dict(time.time())), media_type="application/json")
