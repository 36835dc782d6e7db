"""What is watched, and what is expected of it."""

from __future__ import annotations

from dataclasses import dataclass

from lapwing.alerts.views.view import SliceJson, View


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorView(View):
    """A monitor from YAML (`file`, `line`) or followed in the UI (`followed`). `group` is the name under which it and others
    are watched by `tag`, both null of one that is watched by itself. Where `by` is all, every slice of up to `depth`
    dimensions is watched that `support` events a bucket belong to."""

    name: str
    metric: str
    label: str
    grain: str
    by: list[str]
    slice: SliceJson
    sensitivity: float
    min_change: float | None
    depth: int | None
    support: float | None
    tags: list[str]
    tag: str | None
    group: str | None
    followed: bool
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Band(View):
    """What a metric's buckets were expected to be. `says`: a sentence on how far to trust it."""

    time: list[int]
    expected: list[float | None]
    lower: list[float | None]
    upper: list[float | None]
    ready: bool
    says: str
