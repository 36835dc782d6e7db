"""Where rollups were found to differ from their sources, and how much of them was compared."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from lapwing.server import describe
from lapwing.server.documents.audit import AuditDocument
from lapwing.server.encode.columnar import dumps
from lapwing.server.services import services

router = APIRouter(tags=["catalog"], prefix="/api")


@router.get("/rollups/audit", response_model=AuditDocument)
def audit(request: Request) -> Response:
    """Incidents of the rollups' self-audit, the latest first, and what was looked at."""
    audits = services(request).lapwing.cache.audits
    data = {
        "incidents": [describe.incident_entry(one) for one in audits.incidents()],
        "rollups": [describe.coverage_entry(one) for one in audits.coverage()],
    }
    return Response(dumps(data), media_type="application/json")
