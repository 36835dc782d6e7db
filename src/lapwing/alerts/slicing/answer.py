"""From leaves over moments to named causes: what changed by how much, and which slices explain it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapwing.alerts.slicing.expected import Expected, expected
from lapwing.alerts.slicing.leaves import Floats, History, Piece
from lapwing.alerts.slicing.search import SliceFound, search
from lapwing.alerts.slicing.split import rate_and_mix


@dataclass(frozen=True, slots=True)
class Named:
    """A slice that may be a cause, `share` of the whole's move being its part. `chosen`: part of the answer, else an
    alternative. Of a ratio: `rate` and `mix`, its parts of the ratio's change among the slices of its dimensions."""

    slice: dict[str, str | None]
    share: float | None
    p: float
    score: float
    actual: float
    expected: float
    chosen: bool
    rate: float | None = None
    mix: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`actual`, `expected` of the whole: amounts, or ratios. `rate`, `mix`: how a ratio's change splits over the slices of
    the first cause's dimensions. `moments`: how many earlier ones made the baseline. `direction`: 1 up, -1 down."""

    clear: bool
    p: float
    bound: float
    direction: int
    actual: float
    expected: float
    moments: int
    causes: tuple[Named, ...]
    rate: float | None = None
    mix: float | None = None


def explain(history: History, *, top: int = 5, seed: int = 0) -> Answer:
    """The causes of the last moment, the best first; `history` has at least one moment before it."""
    amounts, weights = history.amounts, history.weights
    mirrored = weights is not None and bool((amounts <= weights).all()) and 2 * amounts.sum() > weights.sum()
    # Of a share above one half the other side is looked at: a success rate that fell from 97 % is failures that tripled.
    searched = weights - amounts if weights is not None and mirrored else amounts
    usual = expected(searched, weights)
    now = searched[:, -1]
    live = (now != 0) | (usual.amounts > 0) if weights is None else weights[:, -1] > 0
    found = search(history.codes[:, live], now[live], usual.amounts[live], top=top, seed=seed)
    parts = [_parts(history, searched, usual, one.piece, mirrored) for one in found.slices]
    causes = [_named(history, one, part, mirrored) for one, part in zip(found.slices, parts, strict=True)]
    if weights is None or usual.before_weights is None:
        whole, before = float(now.sum()), float(usual.amounts.sum())
    else:
        whole, before = _ratio(now, weights[:, -1]), _ratio(usual.before, usual.before_weights)
        if mirrored:
            whole, before = 1 - whole, 1 - before
    first = parts[0] if parts else None
    return Answer(
        clear=found.clear,
        p=found.p,
        bound=found.bound,
        direction=-found.direction if mirrored else found.direction,
        actual=whole,
        expected=before,
        moments=usual.moments,
        causes=tuple(causes),
        rate=first[2] if first else None,
        mix=first[3] if first else None,
    )


def _named(history: History, one: SliceFound, parts: tuple[float, ...] | None, mirrored: bool) -> Named:
    actual, usual = one.actual, one.expected
    if mirrored and history.weights is not None:
        size = float(history.weights[history.inside(one.piece), -1].sum())
        actual, usual = size - actual, size - usual
    return Named(
        slice=history.named(one.piece),
        share=one.share,
        p=one.p,
        score=one.score,
        actual=actual,
        expected=usual,
        chosen=one.chosen,
        rate=parts[0] if parts else None,
        mix=parts[1] if parts else None,
    )


def _parts(
    history: History, searched: Floats, usual: Expected, piece: Piece, mirrored: bool
) -> tuple[float, ...] | None:
    """Rate and mix of a slice among those of its dimensions, then of all of them; None of amounts, or without a whole."""
    weights = history.weights
    if weights is None or usual.before_weights is None or not weights[:, -1].sum() or not usual.before_weights.sum():
        return None
    _, key = np.unique(history.codes[[place for place, _ in piece]], axis=1, return_inverse=True)
    key = key.reshape(-1)
    sides = (usual.before, usual.before_weights, searched[:, -1], weights[:, -1])
    rates, mix = rate_and_mix(*(np.bincount(key, side).astype(np.float64) for side in sides))
    at, sign = int(key[np.argmax(history.inside(piece))]), -1.0 if mirrored else 1.0
    return tuple(sign * float(part) for part in (rates[at], mix[at], rates.sum(), mix.sum()))


def _ratio(amounts: Floats, weights: Floats) -> float:
    total = float(weights.sum())
    return float(amounts.sum()) / total if total else float("nan")
