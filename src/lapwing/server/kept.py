"""Metric answers as they were sent, for those who ask the same a moment later: a dashboard that many people look at is
worked out and written as JSON once.

An answer is given again for a second at most, and only while nothing was written to the store since it was begun; one that
needed a source, or was asked for how fresh it is, never is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lapwing.cache.recent import Recent
from lapwing.query.answer import Answer
from lapwing.query.ask import MetricQuery
from lapwing.query.service import Lapwing

PATH = "/api/query"
SECONDS = 1.0
"""As long as a dataset's tables are not looked at anew, either."""
MOST_BYTES = 64 << 20
LONGEST = 64 << 10
"""Bytes of a question that is looked up."""

Question = tuple[bytes, bytes]
"""What was asked for in the body, and in which format."""


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    response: Response
    revision: object
    until: float


class KeptAnswers:
    """`MOST_BYTES` of them, those asked last. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: Recent[_Kept] = Recent(MOST_BYTES)
        self.given = 0
        """Answers that were given again, about: it is counted without a lock."""

    def get(self, question: Question, lapwing: Lapwing) -> Response | None:
        """The answer to the same question, as far as it is still good."""
        found = self._kept.get(question)
        if found is None or time.monotonic() > found.until or found.revision != lapwing.revision():
            return None
        self.given += 1
        return found.response

    def put(self, question: Question, query: MetricQuery, answer: Answer, revision: object, response: Response) -> None:
        """Keeps an answer that was begun at `revision` of the store, if it may be given again."""
        wishes, size = query.wishes, len(response.body)
        free = wishes.max_staleness is None and wishes.cache and query.as_known_at is None
        from_rollups = all(piece.by == "rollup" for piece in answer.receipt.pieces)
        if revision is not None and free and from_rollups and size <= MOST_BYTES:
            self._kept.put(question, _Kept(response, revision, time.monotonic() + SECONDS), size)


class GivenAgain:
    """Wraps `app`; answers before it what was answered a moment ago."""

    def __init__(self, app: ASGIApp, kept: KeptAnswers, lapwing: Lapwing) -> None:
        self._app, self._kept, self._lapwing = app, kept, lapwing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        messages = [await receive()]
        while messages[-1].get("more_body", False) and _length(messages) <= LONGEST:
            messages.append(await receive())
        body = b"".join([message.get("body", b"") for message in messages])
        found = None if messages[-1].get("more_body", False) else self._kept.get((body, accepted(scope)), self._lapwing)
        if found is not None:
            await found(scope, receive, send)
            return
        messages.reverse()

        async def again() -> Message:
            return messages.pop() if messages else await receive()

        await self._app(scope, again, send)


def _length(messages: Sequence[Message]) -> int:
    return sum(len(message.get("body", b"")) for message in messages)


def accepted(scope: Scope) -> bytes:
    """The Accept header as it was sent."""
    return next((value for name, value in scope["headers"] if name == b"accept"), b"")
