"""Results of statements that are kept."""

from __future__ import annotations

from lapwing.server.documents.base import Document


class KeptResult(Document):
    """A result on disk: its sources began to be read at `since`, it was `told` (or kept) last then (UTC ISO 8601), took
    `milliseconds`, and takes `bytes` there. `text` is empty where the log keeps none; `tables` are those whose versions it
    holds for, null where these told none: it is told only to who takes it by its age."""

    since: str
    told: str
    text: str
    tables: list[str] | None
    rows: int
    bytes: int
    milliseconds: float


class KeptResults(Document):
    """`entries` with `bytes` of a `budget`; since this server began so many statements were `told` from them and `run`, and
    what was told had taken `milliseconds_saved`. `results` are those told last."""

    entries: int
    bytes: int
    budget: int
    told: int
    run: int
    milliseconds_saved: float
    results: list[KeptResult]


class Emptied(Document):
    """So many results were removed."""

    removed: int
