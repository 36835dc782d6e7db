"""Builds that take more than a moment, wherever they run. Times are UTC ISO 8601."""

from __future__ import annotations

from typing import Literal

from lapwing.server.documents.base import Document, ProblemItem

State = Literal["running", "cancelling", "detached", "lost", "done", "failed", "cancelled"]


class RemoteDocument(Document):
    """Work that goes on without the process that began it: a job of Dataflow, called `name` there, for one family of rollups
    (`rollup` is its finest). `id` is null until it is submitted; `url` is its page for people."""

    runner: str
    name: str
    id: str | None
    rollup: str
    url: str | None


class JobDocument(Document):
    """A build: `done` of `total` partitions, `note` what it is at. `by` is host and process, `seen` when that last told of
    itself; lost: it is gone without a word; detached: it left what goes on elsewhere. `here`: this server runs it."""

    id: str
    state: State
    builder: str
    rollups: list[str]
    began: str
    seen: str
    ended: str | None
    done: int
    total: int
    note: str | None
    by: str
    here: bool
    problem: ProblemItem | None
    remotes: list[RemoteDocument]


class Jobs(Document):
    """The latest first."""

    jobs: list[JobDocument]
