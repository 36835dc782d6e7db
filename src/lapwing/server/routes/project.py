"""The project, its health and its metrics."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lapwing import __version__
from lapwing.model.problem import LapwingError
from lapwing.server import describe
from lapwing.server.documents.project import Health, Metrics, ProjectDocument
from lapwing.server.encode.columnar import dumps
from lapwing.server.services import Services, services

router = APIRouter(tags=["metrics"], prefix="/api")
_COMMON_ZONES = (
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Istanbul",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
)


@router.get("/health", response_model=Health)
async def health(request: Request) -> Response:
    """Answers while the server runs; asks for no token, so only those with it (or on this machine) are told details."""
    found = services(request)
    circuits = found.lapwing.circuits().values()
    # One that was open stays told until the source answers somebody: that nobody asked since makes nothing well.
    away = (one.problem for one in circuits if one.state != "closed" and one.problem is not None)
    trouble = (*found.trouble, *found.refresher.trouble(), *away)
    data: dict[str, Any] = {"status": "degraded" if trouble else "ok", "version": __version__}
    if found.settings.token is None:
        data["problems"] = [problem.as_dict() for problem in trouble]
    return Response(dumps(data), media_type="application/json")


@router.get("/project", response_model=ProjectDocument)
def project(request: Request) -> Response:
    """What the pages need to know first."""
    lapwing = services(request).lapwing
    found = lapwing.project
    untils = [until for name in found.datasets if (until := describe.data_until(lapwing, name)) is not None]
    zones = dict.fromkeys((found.timezone, *_COMMON_ZONES))
    data = {
        "name": found.name,
        "timezone": found.timezone,
        "week_start": found.week_start,
        "now": lapwing.now().isoformat(),
        "pinned": found.now is not None,
        "data_until": max(untils, default=None),
        "datasets": list(found.datasets),
        "version": __version__,
        "time_zones": list(zones),
    }
    return Response(dumps(data), media_type="application/json")


@router.get("/metrics", response_model=Metrics)
def metrics(request: Request) -> Response:
    """Every metric with its meaning."""
    found = services(request)
    return Response(
        dumps({"metrics": describe.metrics(found.lapwing, following(found))}), media_type="application/json"
    )


def following(found: Services) -> set[str]:
    """The qualified names of the metrics that are watched; none where the state can't be read: that is the board's
    problem."""
    try:
        return {monitor.metric for monitor in found.alerts.monitors()}
    except LapwingError:
        return set()
