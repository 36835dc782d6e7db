"""A change as the pages, the API and the command line are given it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from lapwing.alerts.history import Value
from lapwing.alerts.why.change import Change, Part, Row

MOST_ROWS = 12
"""Rows of a table that are told."""


def change_json(
    change: Change,
    *,
    stake: tuple[float, str] | None,
    events: Iterable[dict[str, Any]],
    iso: Callable[[int], str],
) -> dict[str, Any]:
    """JSON-ready. `stake`: what the whole change is worth; each cause has its share of it. `events`: what lay beside."""
    cause = change.cause
    known = change.actual is not None and change.expected is not None
    return {
        "says": cause.says,
        "slice": None if cause.slice is None else dict(cause.slice),
        "share": cause.share,
        "clear": cause.clear,
        "p": cause.p,
        "actual": change.actual,
        "expected": change.expected,
        "difference": (change.actual or 0.0) - (change.expected or 0.0) if known else None,
        "rate": change.rate,
        "mix": change.mix,
        "at_stake": None if stake is None else {"amount": stake[0], "currency": stake[1]},
        "parts": [_part(part, stake) for part in change.parts],
        "tables": [
            {"dimension": one.dimension, "label": one.label, "rows": [_row(row) for row in one.rows[:MOST_ROWS]]}
            for one in change.tables
        ],
        "formula": change.formula,
        "factors": [asdict(factor) for factor in change.factors],
        "beside": [asdict(beside) for beside in change.beside],
        "events": list(events),
        "before": [{"start": iso(start), "end": iso(end)} for start, end in change.before],
        "searched": change.slices,
        "milliseconds": round(change.milliseconds, 1),
    }


def _part(part: Part, stake: tuple[float, str] | None) -> dict[str, Any]:
    slice_json: dict[str, Value] = dict(part.slice)
    return {
        "slice": slice_json,
        "name": part.name,
        "chosen": part.chosen,
        "share": part.share,
        "size": part.size,
        "p": part.p,
        "actual": part.actual,
        "expected": part.expected,
        "difference": part.actual - part.expected,
        "rate": part.rate,
        "mix": part.mix,
        "money": None if stake is None or part.share is None else part.share * stake[0],
    }


def _row(row: Row) -> dict[str, Any]:
    """What is not known is left out."""
    return {name: value for name, value in asdict(row).items() if value is not None or name == "value"}
