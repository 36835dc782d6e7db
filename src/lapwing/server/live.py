"""A response that streams from a blocking iterator and notices at once when the client goes away.

Starlette's own notices only when it sends; a statement that has no row yet would run on for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Mapping
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lapwing.model.problem import LapwingError


class LiveResponse(Response):
    """`chunks` is pulled in threads of `limiter`, and closed at the end. `abandon` is called when the client is gone, and
    must make `chunks` end soon; what it still gives is thrown away. An error before the first chunk is answered like any
    other; a later one breaks the connection."""

    def __init__(
        self,
        chunks: Generator[bytes],
        abandon: Callable[[], object],
        *,
        limiter: CapacityLimiter,
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        self.limiter = limiter
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.init_headers(headers)
        self.chunks = chunks
        self.abandon = abandon

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.Event()

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()
            await to_thread.run_sync(self.abandon)

        watching = asyncio.create_task(watch())
        try:
            chunk = await self._next()
            if not gone.is_set():
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while chunk is not None:
                if not gone.is_set():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await self._next()
            if not gone.is_set():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:  # the client left between two looks
            await to_thread.run_sync(self.abandon)
        except LapwingError:
            if not gone.is_set():  # else nobody is there to be told
                raise
        finally:
            watching.cancel()
            await to_thread.run_sync(self.chunks.close)

    async def _next(self) -> bytes | None:
        """The next chunk; None at the end."""
        return await to_thread.run_sync(partial(next, self.chunks, None), limiter=self.limiter)
