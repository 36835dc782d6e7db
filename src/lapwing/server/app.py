"""The web application: API and pages over one project."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp

from lapwing import __version__
from lapwing.server import openapi, problem, static_files
from lapwing.server.encode.stream import MEDIA_TYPES, Format
from lapwing.server.guard import Guard
from lapwing.server.kept import GivenAgain
from lapwing.server.routes import (
    alerts,
    audit,
    catalog,
    deliveries,
    detached,
    docs,
    explain,
    jobs,
    project,
    queries,
    results,
    rollups,
    sql,
    watching,
)
from lapwing.server.routes.answer import answer_query
from lapwing.server.routes.sql import NDJSON
from lapwing.server.services import Services

_STREAMED = (kind.partition(";")[0] for form, kind in MEDIA_TYPES.items() if form is not Format.JSON)
_NOT_PACKED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, NDJSON, *_STREAMED)
"""Streams, whose first rows must not wait for more."""


def make_app(services: Services) -> ASGIApp:
    """The application over an open project, which stays the caller's to close."""
    settings = services.settings
    app: ASGIApp = GivenAgain(make_api(services), services.kept, services.lapwing)
    if not settings.loopback:  # inside one machine the bytes cost less than packing them
        app = GZipMiddleware(app, 1_000, compresslevel=4, exclude_content_types=_NOT_PACKED)
    return Guard(app, settings)


def make_api(services: Services | None) -> FastAPI:
    """The same without the guard; without services it can only describe itself."""
    app = FastAPI(title="Lapwing", version=__version__, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    app.state.services = services
    app.router.routes.insert(0, Route("/api/query", answer_query, methods=["POST"]))  # the hot one, looked at first
    for part in (
        project,
        catalog,
        jobs,
        rollups,
        audit,
        sql,
        explain,
        queries,
        detached,
        watching,
        results,
        alerts,
        deliveries,
        docs,
    ):
        app.include_router(part.router)
    problem.install(app)
    openapi.install(app)
    static_files.install(app, static_files.folder())
    return app
