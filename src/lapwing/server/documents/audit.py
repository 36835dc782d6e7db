"""What the cache's self-audit found. Times are UTC ISO 8601."""

from __future__ import annotations

from typing import Any, Literal

from lapwing.server.documents.base import Document, Value


class AuditDifference(Document):
    """A cell whose state is another one at the source: the value kept and the source's. `says` tells where the values are
    alike and the states are not, or where one side has no such cell. Values of `top` are lists."""

    measure: str
    group: dict[str, Value]
    start: str
    end: str
    kept: Any
    source: Any
    says: str


class AuditSlice(Document):
    """The part of a partition that was compared: its time, and of its groups part `part` of `parts`."""

    start: str
    end: str
    part: int
    parts: int


class AuditIncident(Document):
    """A partition that differed from its source, both as of one moment. While it is open, `hint` says what to do. `builder`
    is host/process; `differences` are the first of `differing` cells, of `cells` compared; `times` counts versions of it
    that differed."""

    id: str
    state: Literal["open", "resolved"]
    rollup: str
    start: str
    end: str
    says: str
    hint: str | None
    version: int
    builder: str
    built_at: str
    source_mark: str
    looked_at: AuditSlice
    cells: int
    differing: int
    differences: list[AuditDifference]
    times: int
    opened: str
    seen: str
    resolved: str | None
    resolution: str | None


class AuditCoverage(Document):
    """Of a rollup's partitions, how many were looked at as they are now, and found equal; `oldest` is the look longest ago,
    null where some never were."""

    rollup: str
    partitions: int
    looked: int
    equal: int
    oldest: str | None


class AuditDocument(Document):
    incidents: list[AuditIncident]
    rollups: list[AuditCoverage]
