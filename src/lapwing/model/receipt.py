"""The receipt: how an answer came about. Every answer carries one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One named check of the router on one rollup."""

    check: str
    passed: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """A rollup that might have answered, and the checks on it. `chosen` for those that did."""

    rollup: str
    chosen: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One part of the answer. `by` is "rollup" or "source"; `name` says which; `sql` is what a source was sent."""

    by: str
    name: str
    keys: int = 0
    rows: int = 0
    bytes: int = 0
    sql: str | None = None
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Times are UTC ISO 8601 texts. `data_until`: all data before it is in the answer. `missing`: half-open stretches of
    the asked time for which there is no data yet; then the answer is partial. `milliseconds` by stage, and "total".
    `bounds`: for each approximate metric its error in words; empty means exact.
    """

    id: str
    asked: str
    start: str | None
    end: str | None
    zone: str
    grain: str | None
    pieces: tuple[Piece, ...]
    considered: tuple[Considered, ...]
    data_until: str | None
    missing: tuple[tuple[str, str], ...]
    bounds: Mapping[str, str]
    definitions: Mapping[str, str]
    milliseconds: Mapping[str, float]
    notes: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        return bool(self.missing)

    def as_dict(self) -> dict[str, Any]:
        """The receipt as JSON-ready data."""
        return {**asdict(self), "partial": self.partial, "exact": not self.bounds}
