"""A statement's progress as server-sent events, from wherever it is to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from lapwing.server.encode.columnar import dumps
from lapwing.server.queries import Queries, Query
from lapwing.server.services import services

router = APIRouter(tags=["sql"])
EVENTS = "text/event-stream"
LOOK = 0.2
"""Seconds between two looks."""
QUIET = 75
"""Looks without news, after which a comment keeps proxies from hanging up: 15 seconds."""
_STREAM = {
    "description": "Events called `progress` while it waits and runs, then one called `end`; the data of each is a QueryState.",
    "content": {EVENTS: {}},
}


@router.get("/api/queries/{query_id}/events", response_class=Response, responses={200: _STREAM})
async def watch_query(query_id: str, request: Request) -> Response:
    """How far a statement has come, told as it goes on until it ends. Going away stops the telling, not the statement."""
    queries = services(request).queries
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_events(queries, queries.get(query_id)), media_type=EVENTS, headers=headers)


async def _events(queries: Queries, query: Query) -> AsyncIterator[bytes]:
    told, looks = None, 0
    while True:
        now = await to_thread.run_sync(queries.document, query)
        if now["state"] != "running":
            yield _event("end", now)
            return
        news = {name: value for name, value in now.items() if name != "milliseconds"}
        looks += 1
        if news != told:
            told, looks = news, 0
            yield _event("progress", now)
        elif looks >= QUIET:
            looks = 0
            yield b": still running\n\n"
        await asyncio.sleep(LOOK)


def _event(name: str, told: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + dumps(told) + b"\n\n"
