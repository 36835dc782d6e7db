"""From leaves over moments to named causes: what changed by how much, and which slices explain it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapwing.alerts.slicing.constants import SPARSE, UNLIKE
from lapwing.alerts.slicing.expected import Expected, expected, one_event
from lapwing.alerts.slicing.leaves import Bools, Floats, History, Ints, Piece, Value
from lapwing.alerts.slicing.levels import levels
from lapwing.alerts.slicing.search import SliceFound, search
from lapwing.alerts.slicing.split import rate_and_mix


@dataclass(frozen=True, slots=True)
class Named:
    """A slice that may be a cause, `share` of the whole's move being its part. `chosen`: part of the answer, else an
    alternative. `size`: its part of the whole, as was expected. Of a ratio: `rate` and `mix`, its parts of the ratio's change
    among the slices of its dimensions."""

    slice: dict[str, Value]
    share: float | None
    p: float
    score: float
    actual: float
    expected: float
    chosen: bool
    size: float
    rate: float | None = None
    mix: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`actual`, `expected` of the whole: amounts, or ratios. `rate`, `mix`: how a ratio's change splits over the slices of
    the first cause's dimensions. `baseline`: which of the earlier moments made what was expected. `direction`: 1 up, -1
    down. `joint`: the evidence of the chosen slices, in nats, of `searched`. What the past says was taken times `factor`, of
    the other side of a share where `mirrored`."""

    clear: bool
    p: float
    bound: float
    direction: int
    actual: float
    expected: float
    baseline: tuple[int, ...]
    causes: tuple[Named, ...]
    rate: float | None = None
    mix: float | None = None
    joint: float = 0.0
    searched: int = 0
    factor: float = 1.0
    mirrored: bool = False

    @property
    def moments(self) -> int:
        """How many earlier ones made the baseline."""
        return len(self.baseline)


def explain(
    history: History, *, top: int = 5, seed: int = 0, direction: int | None = None, whole: float | None = None
) -> Answer:
    """The causes of the last moment, the best first; `history` has at least one moment before it. `direction`: of what
    there is more (1) or less (-1), where that is known. `whole`: what was expected of the whole, where more is known than
    its past; what is expected of each leaf is then scaled, so that they agree."""
    amounts, weights = history.amounts, history.weights
    mirrored = weights is not None and bool((amounts <= weights).all()) and 2 * amounts.sum() > weights.sum()
    # Of a share above one half the other side is looked at: a success rate that fell from 97 % is failures that tripled.
    searched = weights - amounts if weights is not None and mirrored else amounts
    usual = expected(searched, weights)
    now = searched[:, -1]
    actual, before = _wholes(now, usual, weights)
    factor = _factor(before, 1 - whole if mirrored and whole is not None else whole)
    live = (now != 0) | (usual.amounts != 0) if weights is None else weights[:, -1] > 0
    signed = weights is None and bool((amounts < 0).any())
    of = levels(amounts[live], usual.amounts[live], usual.chosen) if signed and live.any() else None
    moments = None if signed else _moments(usual, weights, live, factor)
    known = usual.amounts[live] * factor if moments is None else _mean(usual, live, moments)
    found = search(
        history.codes[:, live],
        now[live],
        known,
        top=top,
        seed=seed,
        moments=moments,
        direction=-direction if mirrored and direction is not None else direction,
        of_levels=of,
    )
    size = np.maximum(usual.amounts, 0.0) if of is None else np.zeros(len(live))
    if of is not None:
        size[live] = of.size
    parts = [_parts(history, searched, usual, one.piece, mirrored) for one in found.slices]
    causes = [_named(history, one, part, mirrored, size) for one, part in zip(found.slices, parts, strict=True)]
    before *= factor
    first = parts[0] if parts else None
    return Answer(
        clear=found.clear,
        p=found.p,
        bound=found.bound,
        direction=-found.direction if mirrored else found.direction,
        actual=1 - actual if mirrored else actual,
        expected=1 - before if mirrored else before,
        baseline=usual.chosen,
        causes=tuple(causes),
        rate=first[2] if first else None,
        mix=first[3] if first else None,
        joint=found.joint,
        searched=found.searched,
        factor=factor,
        mirrored=mirrored,
    )


def _wholes(now: Floats, usual: Expected, weights: Floats | None) -> tuple[float, float]:
    """The whole now and before."""
    if weights is None or usual.before_weights is None:
        return float(now.sum()), float(usual.amounts.sum())
    return _ratio(now, weights[:, -1]), _ratio(usual.before, usual.before_weights)


def _factor(before: float, whole: float | None) -> float:
    """What the past has to be multiplied by; 1 where what is known has hardly to do with it."""
    if whole is None or not (whole > 0 and before > 0):
        return 1.0
    return whole / before if 1 / UNLIKE <= whole / before <= UNLIKE else 1.0


def _mean(usual: Expected, live: Bools, moments: Floats) -> Floats:
    """What a past of so many moments makes expected of each leaf."""
    events = usual.before[live] * (len(usual.chosen) if usual.before_weights is None else 1)
    return np.asarray(events / moments, np.float64)


def _moments(usual: Expected, weights: Floats | None, live: Bools, factor: float) -> Floats | None:
    """How many times as much as now the past is, by leaf; None where what is expected is taken as known: of ratios, unless
    their leaves have so few events that what each starts with would outweigh its past."""
    if weights is None:
        return np.full(int(live.sum()), len(usual.chosen) / factor)
    if usual.before_weights is None or usual.before.mean() >= SPARSE * one_event(usual.before):
        return None
    past = usual.before_weights[live] / weights[live, -1] / factor
    return np.asarray(np.clip(past, 1e-6, 1e6), np.float64)


def _named(history: History, one: SliceFound, parts: tuple[float, ...] | None, mirrored: bool, size: Floats) -> Named:
    """`size`: (leaves,), how large each is where there are no weights."""
    actual, usual = one.actual, one.expected
    of, whole = float(size[history.inside(one.piece)].sum()), float(size.sum())
    if history.weights is not None:
        of, whole = (
            float(side.sum()) for side in (history.weights[history.inside(one.piece), -1], history.weights[:, -1])
        )
        if mirrored:
            actual, usual = of - actual, of - usual
    return Named(
        slice=history.named(one.piece),
        share=one.share,
        p=one.p,
        score=one.score,
        actual=actual,
        expected=usual,
        chosen=one.chosen,
        size=of / whole if whole else 0.0,
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
    key = _numbers(history.codes[[place for place, _ in piece]])
    sides = (usual.before, usual.before_weights, searched[:, -1], weights[:, -1])
    rates, mix = rate_and_mix(*(np.bincount(key, side).astype(np.float64) for side in sides))
    at, sign = int(key[np.argmax(history.inside(piece))]), -1.0 if mirrored else 1.0
    return tuple(sign * float(part) for part in (rates[at], mix[at], rates.sum(), mix.sum()))


def _numbers(codes: Ints) -> Ints:
    """(leaves,): which slice of some dimensions each leaf is in, from 0 without gaps."""
    key = np.zeros(codes.shape[1], np.int64)
    for code in codes:
        key = key * (int(code.max()) + 1) + code
        there = np.bincount(key) > 0 if key.max(initial=0) <= 8 * len(key) else None
        key = np.unique(key, return_inverse=True)[1].reshape(-1) if there is None else (np.cumsum(there) - 1)[key]
    return key


def _ratio(amounts: Floats, weights: Floats) -> float:
    total = float(weights.sum())
    return float(amounts.sum()) / total if total else float("nan")
