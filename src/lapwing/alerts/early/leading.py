"""Leading indicators: one metric's trouble that another's usually follows.

Along the metric tree first: what a ratio is divided by leads what it divides (clicks / impressions: impressions lead
clicks). Then every other pair. Either way only what the past bears out is told: an event of the leader, at which the follower
is still quiet, must be followed by the follower's own more often than any moment is (binomial test, false discoveries
held by Benjamini and Hochberg's step-up), on the first part of the past and again on the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.early.constants import EVENT, FALSE_PAIRS, FOLLOWS, LEAST_EVENTS, MINED_PART, STILL
from lapwing.model.dataset import Dataset, MetricKind
from lapwing.model.expression import Binary, Call, Expression, MeasureRef, Number

Pair = tuple[int, int]
"""Rows of the leader and of its follower."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Of `events` of the leader that the follower had not shown yet, it followed `hits` within `within` buckets, after `lag`
    buckets in the middle; of any quiet moments a share of `usual` is followed. `tree`: along the metric tree."""

    leader: int
    follower: int
    tree: bool
    lag: int
    within: int
    events: int
    hits: int
    usual: float
    chance: float


def onsets(score: Floats) -> npt.NDArray[np.int8]:
    """(S, T): -1 or 1 where an event begins: a score (robust standard deviations) beyond `EVENT` that none of the same sign
    was just before."""
    side = np.where(score >= EVENT, 1, np.where(score <= -EVENT, -1, 0)).astype(np.int8)
    lately = np.zeros_like(side)
    out = np.zeros_like(side)
    since = np.full(len(score), STILL + 1)
    for at in range(score.shape[1]):
        now = side[:, at]
        fresh = (now != 0) & ((since > STILL) | (now != lately[:, 0]))
        out[:, at] = np.where(fresh, now, 0)
        lately[:, 0] = np.where(now != 0, now, lately[:, 0])
        since = np.where(now != 0, 0, since + 1)
    return out


def tree_edges(dataset: Dataset) -> frozenset[tuple[str, str]]:
    """(leader, follower) among the names of measures: the denominators of the dataset's ratios lead their numerators."""
    found: set[tuple[str, str]] = set()
    for metric in dataset.metrics.values():
        if metric.kind in (MetricKind.RATIO, MetricKind.DERIVED):
            found.update(_quotients(metric.expression, dataset.name))
    return frozenset((lower, upper) for lower, upper in found if lower != upper)


def _quotients(expression: Expression, dataset: str) -> Iterable[tuple[str, str]]:
    match expression:
        case Binary(operator="/", left=left, right=right):
            yield from ((a, b) for a in _measures(right, dataset) for b in _measures(left, dataset))
            yield from (*_quotients(left, dataset), *_quotients(right, dataset))
        case Binary(left=left, right=right):
            yield from (*_quotients(left, dataset), *_quotients(right, dataset))
        case _:
            return


def _measures(expression: Expression, dataset: str) -> Iterable[str]:
    match expression:
        case MeasureRef(dataset=home, measure=name):
            yield from ((name,) if home == dataset else ())
        case Binary(left=left, right=right):
            yield from (*_measures(left, dataset), *_measures(right, dataset))
        case Call() | Number():
            return


def leads(score: Floats, within: int, tree: frozenset[Pair], followers: Iterable[int]) -> list[Lead]:
    """The pairs that the past bears out, the surest first, those of the tree before others.

    Args:
        score: (S, T), how unusual each bucket was, signed; nan where not judged.
        within: buckets in which the follower must show it.
        tree: pairs that the metric tree has, tested among themselves first.
        followers: the rows that somebody cares for.
    """
    begun, side = onsets(score), np.sign(score) * (np.abs(score) >= FOLLOWS)
    split = int(score.shape[1] * MINED_PART)
    pairs = [(a, b) for b in followers for a in range(len(score)) if a != b]
    out: list[Lead] = []
    for along in (True, False):
        chosen = [pair for pair in pairs if (pair in tree) == along]
        mined = {pair: _tested(begun, side, pair, slice(0, split), within, tree=along) for pair in chosen}
        survived = _discovered(mined)
        for pair in survived:
            again = _tested(begun, side, pair, slice(split, score.shape[1]), within, tree=along)
            if again.events and again.hits >= max(again.events / 2, 2 * again.usual * again.events):
                whole = _tested(begun, side, pair, slice(0, score.shape[1]), within, tree=along)
                out.append(whole)
    return sorted(out, key=lambda one: (not one.tree, one.chance))


def _tested(begun: npt.NDArray[np.int8], side: Floats, pair: Pair, part: slice, within: int, *, tree: bool) -> Lead:
    """One pair over a part of the past."""
    leader, follower = begun[pair[0], part], side[pair[1], part]
    events = hits = 0
    lags: list[int] = []
    for at in np.flatnonzero(leader[: max(len(leader) - within, 0)]):
        way = leader[at]
        if follower[at] == way:
            continue  # it shows already: nothing is early any more
        events += 1
        after = np.flatnonzero(follower[at + 1 : at + 1 + within] == way)
        if len(after):
            hits += 1
            lags.append(int(after[0]) + 1)
    usual = max(_usual(follower, way, within) for way in (-1, 1))
    return Lead(
        leader=pair[0],
        follower=pair[1],
        tree=tree,
        lag=int(np.median(lags)) if lags else 0,
        within=within,
        events=events,
        hits=hits,
        usual=usual,
        chance=_tail(hits, events, usual),
    )


def _usual(follower: Floats, way: int, within: int) -> float:
    """The share of quiet moments that such an event follows anyhow."""
    shows: Bools = follower == way
    count = np.cumsum(np.concatenate([[0], shows]))
    at = np.arange(max(len(follower) - within, 0))
    quiet = ~shows[at]
    followed = count[at + 1 + within] - count[at + 1] > 0
    return (float((followed & quiet).sum()) + 1) / (float(quiet.sum()) + 2)


def _tail(hits: int, events: int, usual: float) -> float:
    """The probability of so many hits or more by chance (binomial)."""
    return min(1.0, sum(math.comb(events, k) * usual**k * (1 - usual) ** (events - k) for k in range(hits, events + 1)))


def _discovered(tested: Mapping[Pair, Lead]) -> list[Pair]:
    """Benjamini and Hochberg, "Controlling the false discovery rate" (1995): the largest set of which so large a share at
    most is expected to be false."""
    ordered = sorted((one.chance, pair) for pair, one in tested.items())
    last = max(
        (n for n, (chance, _) in enumerate(ordered, 1) if chance <= FALSE_PAIRS * n / len(ordered)),
        default=0,
    )
    return [pair for _, pair in ordered[:last] if tested[pair].events >= LEAST_EVENTS]
