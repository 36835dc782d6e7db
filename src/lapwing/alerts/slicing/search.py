"""The slices that explain a move, or that there is no clear cause.

Best slice, or best set of slices of one combination of dimensions; then again on what is left. What the alternatives lack:
Adtributor (Bhagwan et al., 2014) has one dimension only; Squeeze (Li et al., 2019) and RiskLoc (Kalander, 2022) cluster
leaves by their deviation, which few events do not allow; RobustSpot (Lin et al., 2022) is the best published on ratios.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from lapwing.alerts.slicing.constants import (
    ALPHA,
    BOUND,
    EXTRA,
    FEW_DRAWS,
    FEW_LEAVES,
    MANY_DRAWS,
    MOST,
    MOST_EVENTS,
    REST,
    SHIFTS,
)
from lapwing.alerts.slicing.evidence import event_size, event_size_of_share, evidence, evidence_of_share, spread
from lapwing.alerts.slicing.lattice import Lattice, Scored
from lapwing.alerts.slicing.leaves import Floats, Ints, Piece, inside
from lapwing.alerts.slicing.levels import Levels, evidence_of_levels


@dataclass(frozen=True, slots=True)
class SliceFound:
    """A slice that may be a cause. `chosen`: it is part of the answer, else an alternative. `score`: nats. `p`: the share of
    permutations in which some slice has as much. `share` of the whole's move; None where the whole did not move."""

    piece: Piece
    score: float
    p: float
    actual: float
    expected: float
    share: float | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """`clear`: neither chance nor a move of the whole metric explains it as well. `p` is that of the best slice, `bound` one
    on its chance over all slices and shifts. `direction`: 1 more than expected, -1 less. `slices`: the best first. `joint`:
    the evidence of the chosen ones, in nats; `searched`: how many slices there are."""

    clear: bool
    p: float
    bound: float
    direction: int
    slices: tuple[SliceFound, ...]
    joint: float = 0.0
    searched: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """What was found looking in one direction."""

    sign: int
    nats: Floats
    chosen: list[Scored]
    every: list[Scored]


def search(
    codes: Ints,
    actual: Floats,
    expected: Floats,
    *,
    top: int = 5,
    seed: int = 0,
    moments: Floats | None = None,
    direction: int | None = None,
    of_levels: Levels | None = None,
) -> Explained:
    """The slices that explain actual against expected amounts, at most `top` of them.

    `codes`: (dimensions, leaves), from 0; `actual`, `expected`: (leaves,), not negative. `moments`: (leaves,), how many
    times as much as now the past is that `expected` is the mean of, and whose chance counts then; None where it is known.
    `of_levels`: of amounts of either sign, in the place of `moments`.
    `direction`: only more (1) or only less (-1) is looked for.
    """
    lattice = Lattice(codes) if len(actual) else None
    first = direction or (1 if actual.sum() >= expected.sum() else -1)
    if lattice is None or not lattice.cuboids:
        return Explained(False, 1.0, 1.0, first, ())
    # Both ways: where much is added and lost elsewhere, the sign of the whole's move says little.
    signs = (first, -first) if direction is None else (first,)
    way = max(
        (_look(lattice, actual, expected, sign, moments, of_levels) for sign in signs),
        key=lambda one: one.every[0].score,
    )
    chosen = _with_rest(lattice, codes, way)
    tops = _by_chance(lattice, codes, way, chosen[0], seed)
    score = way.every[0].score
    bound = chance_bound(lattice.count(), score)
    p = _share_reaching(tops, score)
    joint, whole = sum(scored.score for scored in chosen), float(way.nats.sum(0).max())
    pieces = {scored.piece for scored in chosen}
    listed = [*chosen, *(scored for scored in way.every if scored.piece not in pieces)][:top]
    moved = float((actual - expected).sum())
    slices = []
    for scored in listed:
        leaves = inside(codes, scored.piece)
        had, should = float(actual[leaves].sum()), float(expected[leaves].sum())
        slices.append(
            SliceFound(
                piece=scored.piece,
                score=scored.score,
                p=_share_reaching(tops, scored.score),
                actual=had,
                expected=should,
                share=(had - should) / moved if moved else None,
                chosen=scored.piece in pieces,
            )
        )
    clear = p <= ALPHA and bound <= BOUND and joint > whole
    return Explained(clear, p, bound, way.sign, tuple(slices), joint, lattice.count())


def chance_bound(slices: int, score: float) -> float:
    """At most how likely some slice of so many has so much evidence at some shift where nothing moved: a likelihood ratio
    has mean 1 then, so it reaches x in at most 1 of x cases."""
    return min(1.0, slices * len(SHIFTS) * 2 * math.exp(-min(score, 700.0)))


def _look(
    lattice: Lattice, actual: Floats, expected: Floats, sign: int, moments: Floats | None, of_levels: Levels | None
) -> _Way:
    if of_levels is not None:
        nats = evidence_of_levels(actual, expected, of_levels, sign)
    elif moments is None:
        size = max(event_size(actual, expected), _least_size(actual, expected))
        counts, means = actual / size, np.maximum(expected / size, 1e-6)
        nats = evidence(counts, means, spread(counts, means, sign), sign)
    else:
        size = max(event_size_of_share(actual, expected, moments, sign), _least_size(actual, expected))
        counts, means = actual / size, expected / size
        nats = evidence_of_share(counts, means, spread(counts, means, sign, moments), sign, moments)
    return _Way(sign, nats, *lattice.search(nats))


def _least_size(actual: Floats, expected: Floats) -> float:
    """Of an event: more of them in a leaf would be lost in the last digits, and say no more."""
    return max(float(actual.max()), float(expected.max())) / MOST_EVENTS


def _with_rest(lattice: Lattice, codes: Ints, way: _Way) -> list[Scored]:
    """The chosen slices, and what explains the rest without their leaves, while it says enough."""
    chosen, rest = list(way.chosen), way.nats.copy()
    while len(chosen) < MOST:
        for scored in chosen:
            rest[inside(codes, scored.piece)] = 0
        more = lattice.search(rest)[0][0]
        if more.score < max(2 * EXTRA, REST * chosen[0].score):
            break
        chosen.append(replace(more))
    return chosen


def _by_chance(lattice: Lattice, codes: Ints, way: _Way, best: Scored, seed: int) -> Floats:
    """What the best slice has where the evidence is dealt to the leaves anew; ends early where it is no less."""
    shift = int(np.argmax(way.nats[inside(codes, best.piece)].sum(0)))
    column = way.nats[:, shift].copy()
    draws = MANY_DRAWS if len(column) <= FEW_LEAVES else FEW_DRAWS
    random, tops, score = np.random.default_rng(seed), [], way.every[0].score
    reached = 0
    for _ in range(draws):
        tops.append(lattice.top(random.permutation(column)))
        reached += tops[-1] >= score
        if reached > ALPHA * (draws + 1):
            break
    return np.array(tops)


def _share_reaching(tops: Floats, score: float) -> float:
    return float((tops >= score).sum() + 1) / (len(tops) + 1)
