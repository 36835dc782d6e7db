"""What a check of data found wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`kind` is one of `data_checks.CHECK_NAMES`. The data of [start, end) (UTC microseconds; None: from then on) is in
    doubt. `size` says how bad it is, on a scale of its kind's own; twice as bad is told again. `quiet`: worth a line in the
    records, and nobody's attention. `actual`, `expected`, `lower` and `upper` are rows, where it is about rows."""

    kind: str
    says: str
    start: int
    end: int | None = None
    size: float = 1.0
    quiet: bool = False
    actual: float | None = None
    expected: float | None = None
    lower: float | None = None
    upper: float | None = None


EXPLAINS = {
    "schema": ("builds", "stale", "late", "values"),
    "builds": ("stale", "late"),
    "stale": ("late",),
    "late": ("volume", "values"),
}
"""Of two findings about one dataset, which is the reason for the other: that one is then not told."""
FOLDS = frozenset({"schema", "builds", "stale", "late"})
"""Kinds with which metrics of the same time say nothing about the business; of the others, it is said that they may not."""


def standing(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that no other explains."""
    explained = {kind for one in found if not one.quiet for kind in EXPLAINS.get(one.kind, ())}
    return tuple(one for one in found if one.kind not in explained)
