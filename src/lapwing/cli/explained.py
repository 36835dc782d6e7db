"""How a query would be answered, as text: the pieces, then every rollup with its checks."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from lapwing.cli.table import table_lines
from lapwing.query.explain import Explained

CHECKS = ("measures", "dimensions", "filters", "grain", "definition", "range", "cost")
_MOST_STRETCHES = 4


def explained_lines(explained: Explained) -> Iterator[str]:
    """Two tables and what there is to say besides."""
    yield f"{explained.asked}, {explained.start} to {explained.end} ({explained.zone})"
    yield f"by {explained.grain}" if explained.grain else "in one sum"
    yield ""
    yield from _pieces(explained)
    if explained.considered:
        yield ""
        yield from _rollups(explained)
    for note in explained.notes:
        yield f"note: {note}"
    yield ""
    yield ", ".join(f"{stage} {value:.2f} ms" for stage, value in explained.milliseconds.items())


def _pieces(explained: Explained) -> Iterator[str]:
    rows: list[dict[str, str]] = []
    for piece in explained.pieces:
        for number, (start, end) in enumerate(piece.stretches[:_MOST_STRETCHES]):
            first = number == 0
            rows.append(
                {
                    "answered by": f"{piece.by} {piece.name}" if first else "",
                    "from": start,
                    "to": end,
                    "measures": ", ".join(piece.measures) if first else "",
                    "keys": _about(piece.estimated_keys) if first else "",
                    "bytes": _about(piece.estimated_bytes) if first else "",
                }
            )
        if len(piece.stretches) > _MOST_STRETCHES:
            more = f"… {len(piece.stretches) - _MOST_STRETCHES} more"
            rows.append(dict.fromkeys(rows[-1], "") | {"from": more, "to": f"… {piece.stretches[-1][1]}"})
    if not rows:
        yield "Nothing would answer it."
        return
    table = pa.Table.from_pylist(rows)
    yield from table_lines(table.schema, table.to_batches())


def _rollups(explained: Explained) -> Iterator[str]:
    names = max(len(one.rollup) for one in explained.considered)
    yield f"{'rollup':<{names}}  used  {'  '.join(CHECKS)}"
    yield f"{'─' * names}  ────  {'  '.join('─' * len(check) for check in CHECKS)}"
    for one in explained.considered:
        passed = {reason.check: reason.passed for reason in one.reasons}
        marks = ("yes" if passed.get(check) else "no" if check in passed else "·" for check in CHECKS)
        cells = "  ".join(f"{mark:<{len(check)}}" for mark, check in zip(marks, CHECKS, strict=True))
        yield f"{one.rollup:<{names}}  {'yes' if one.chosen else 'no':<4}  {cells}".rstrip()
        for reason in one.reasons:
            if not reason.passed or reason.check == "cost":
                yield f"{'':<{names}}        {reason.check}: {reason.says}"


def _about(number: float | None) -> str:
    return "" if number is None else f"{number:,.0f}"
