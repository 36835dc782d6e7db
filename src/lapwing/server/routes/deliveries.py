"""Channels, their tests, and the record of what was told."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lapwing.alerts.delivery import told
from lapwing.server.documents.deliveries import Channels, DeliveriesDocument, TestDocument
from lapwing.server.encode.columnar import dumps
from lapwing.server.services import services

router = APIRouter(tags=["deliveries"], prefix="/api")


@router.get("/channels", response_model=Channels)
def channels(request: Request) -> Response:
    """The ways by which incidents are told, and who is told of what. Nothing secret is in it."""
    config = services(request).lapwing.project.delivery
    data = {"channels": told.channels(config), "subscriptions": told.subscriptions(config)}
    return Response(dumps(data), media_type="application/json")


@router.post("/channels/{name}/test", response_model=TestDocument)
def test(name: str, request: Request) -> Response:
    """Sends a test message by a channel now, and says what became of it."""
    done = asdict(services(request).deliveries.test(name))
    del done["subject"]
    return Response(dumps(done), media_type="application/json")


@router.get("/deliveries", response_model=DeliveriesDocument)
def deliveries(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    channel: str | None = None,
    incident: Annotated[int | None, Query(ge=0, le=1 << 62)] = None,
) -> Response:
    """Messages that are to go out, or went, the latest first."""
    found = services(request).deliveries.record(limit, channel or None, incident)
    return Response(dumps({"deliveries": [told.delivery(one) for one in found]}), media_type="application/json")
