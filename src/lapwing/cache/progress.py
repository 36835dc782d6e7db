"""What a build tells while it runs, and what it reports at its end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildProgress:
    """After each partition: `done` of `total` over all rollups of the build. `seconds_left` is an estimate from the
    partitions built so far, None before the first. `action` is built, unchanged or emptied."""

    rollup: str
    start: int
    end: int
    action: str
    keys: int
    cells: int
    done: int
    total: int
    seconds_left: float | None

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupBuilt:
    """What a build did to one rollup, in partitions; `cells` and `bytes` are what it wrote."""

    rollup: str
    built: int
    unchanged: int
    emptied: int
    keys: int
    cells: int
    bytes: int
    seconds: float
    data_until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    rollups: tuple[RollupBuilt, ...]
    seconds: float
