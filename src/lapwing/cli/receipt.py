"""A receipt as text."""

from __future__ import annotations

from collections.abc import Iterator

from lapwing.model.receipt import Considered, Piece, Receipt
from lapwing.model.size import shown_size

_MOST_STRETCHES = 4


def receipt_lines(receipt: Receipt) -> Iterator[str]:
    """What answered, from which data, until when, how exact, at what cost, and why the other ways were not taken."""
    yield f"Receipt {receipt.id}"
    yield f"  asked       {receipt.asked if len(receipt.asked) < 200 else receipt.asked[:199] + '…'}"
    if receipt.start or receipt.end:
        grain = f", by {receipt.grain}" if receipt.grain else ""
        yield f"  time        {receipt.start or '…'} to {receipt.end or '…'} ({receipt.zone}{grain})"
    if receipt.as_known_at:
        yield f"  as known at {receipt.as_known_at}"
    for piece in receipt.pieces:
        yield f"  answered    by {_piece(piece)}"
        yield from _more(piece, alone=len(receipt.pieces) == 1)
    yield f"  data until  {receipt.data_until or 'not known'}"
    yield f"  exact       {_exact(receipt)}"
    for start, end in receipt.missing:
        yield f"  missing     {start} to {end}"
    for start, end in receipt.stale:
        yield f"  stale       {start} to {end}: the source has changed since"
    for considered in receipt.considered:
        yield from _considered(considered)
    for name, digest in receipt.definitions.items():
        yield f"  definition  {name} {digest}"
    for note in receipt.notes:
        yield f"  note        {note}"
    stages = ", ".join(f"{stage} {value:.2f}" for stage, value in receipt.milliseconds.items())
    yield f"  ms          {stages}"


def _piece(piece: Piece) -> str:
    facts = [(piece.keys, "keys"), (piece.rows, "rows"), (piece.bytes, "bytes")]
    known = ", ".join(f"{count:,} {what}" for count, what in facts if count)
    if piece.estimated_keys is not None:
        known += f"; about {piece.estimated_keys:,.0f} keys, {piece.estimated_bytes or 0:,.0f} bytes expected"
    where = f" in {piece.store}" if piece.store else ""
    return f"{piece.by} {piece.name}{where}" + (f" ({known})" if known else "")


def _more(piece: Piece, *, alone: bool) -> Iterator[str]:
    """What else there is to say of a piece; one that is `alone` answered for all the time that was asked."""
    if not alone:
        yield from (f"              {start} to {end}" for start, end in piece.stretches[:_MOST_STRETCHES])
        if len(piece.stretches) > _MOST_STRETCHES:
            yield f"              and {len(piece.stretches) - _MOST_STRETCHES} more stretches"
        if piece.measures:  # of a statement's tables there are none
            yield f"              {', '.join(piece.measures)}; as of {piece.as_of}"
    if piece.bytes_billed or piece.jobs:
        yield f"  billed      {', '.join(_bill(piece))}"
    if piece.sql:
        yield from (f"              {line}" for line in piece.sql.strip().splitlines())


def _bill(piece: Piece) -> Iterator[str]:
    yield shown_size(piece.bytes_billed)
    if piece.slot_ms:
        yield f"{piece.slot_ms:,} ms of slots"
    if piece.jobs:
        yield f"job{'s' if len(piece.jobs) > 1 else ''} {', '.join(piece.jobs)}"


def _exact(receipt: Receipt) -> str:
    if not receipt.bounds:
        return "yes" if not receipt.partial else "yes, but partial"
    return "; ".join(f"{name} {says}" for name, says in receipt.bounds.items())


def _considered(considered: Considered) -> Iterator[str]:
    yield f"  {'chosen' if considered.chosen else 'not taken':<10}  rollup {considered.rollup}"
    for reason in considered.reasons:
        if not reason.passed:
            yield f"              {reason.check}: {reason.says}"
