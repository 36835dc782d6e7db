"""One receipt for an answer that was put together from several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lapwing.model.receipt import Receipt


def together(receipts: Sequence[Receipt], note: str) -> Receipt:
    """The first one, with the pieces, the gaps, the notes and the time of all."""
    first, *others = receipts
    spent = dict(first.milliseconds)
    for other in others:
        for stage, value in other.milliseconds.items():
            spent[stage] = spent.get(stage, 0.0) + value
    return replace(
        first,
        pieces=tuple(piece for one in receipts for piece in one.pieces),
        missing=tuple(sorted({stretch for one in receipts for stretch in one.missing})),
        stale=tuple(sorted({stretch for one in receipts for stretch in one.stale})),
        bounds={name: says for one in receipts for name, says in one.bounds.items()},
        milliseconds=spent,
        notes=(*dict.fromkeys(said for one in receipts for said in one.notes), note),
    )
