"""Leading indicators: one metric's trouble that another's usually follows.

Along the metric tree first, then every other pair, in either direction. Only what the past bears out is believed: an event
of the leader at which the follower is still quiet must be followed by the follower's own more often than any quiet moment is
(binomial test, false discoveries held by Benjamini and Hochberg's step-up) on the first part of the past, and again on the
rest. Pairs are looked for anew every few weeks by what was known then, so that what is told of the past is what would have
been told in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.early.constants import (
    EVENT,
    FALSE_PAIRS,
    FOLLOWS,
    LEAD_CHANCE,
    LEAST_EVENTS,
    LEAST_LATER,
    MINED_PART,
    STILL,
)

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Rows of the leader and of its follower. `sign`: -1 where the follower goes the other way. `tree`: along the metric
    tree."""

    leader: int
    follower: int
    sign: int = 1
    tree: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """The N events of a pair's leader at which the follower was still quiet: their buckets `at`, the `side` that the follower
    is to show, after how many buckets it did (`lag`, 0 where it did not `within` so many) and in which it no longer did
    (`gone`). `usual` (2, T), by side, down first: by what was known up to each bucket, the share of quiet moments that are
    followed anyhow."""

    pair: Pair
    within: int
    at: Ints
    side: Ints
    lag: Ints
    gone: Ints
    usual: Floats

    def known(self, since: int, until: int) -> npt.NDArray[np.intp]:
        """The events in [since, until) whose end was known by then."""
        return np.flatnonzero((self.at >= since) & (self.at + self.within < until))


@dataclass(frozen=True, slots=True, eq=False)
class Foretold:
    """A warning: at bucket `at` the pair's leader moved, and the follower is to show `side` after about `lag` buckets. Before,
    it did after `hits` of `events` such moves. `shown` is the bucket in which it did, None where it did not (yet); `over`
    that in which it no longer does or was to have come, None while neither is."""

    pair: Pair
    at: int
    side: int
    lag: int
    within: int
    events: int
    hits: int
    chance: float
    shown: int | None
    over: int | None
    past: Past


def onsets(score: Floats, bound: float = EVENT) -> npt.NDArray[np.int8]:
    """(S, T): -1 or 1 where an event begins: a score (robust standard deviations) beyond a bound that none of the same sign was
    just before."""
    side = np.where(score >= bound, 1, np.where(score <= -bound, -1, 0)).astype(np.int8)
    last, since = np.zeros(len(score), np.int8), np.full(len(score), STILL + 1)
    out = np.zeros_like(side)
    for at in range(score.shape[1]):
        now = side[:, at]
        fresh = (now != 0) & ((since > STILL) | (now != last))
        out[:, at] = np.where(fresh, now, 0)
        last = np.where(now != 0, now, last)
        since = np.where(now != 0, 0, since + 1)
    return out


def pasts(score: Floats, pairs: Sequence[Pair], within: int) -> list[Past]:
    """The past of each pair; `score` (S, T) says how unusual each bucket was, signed, nan where not judged."""
    begun = onsets(score)
    shows = {side: np.nan_to_num(side * score) >= FOLLOWS for side in (-1, 1)}
    next_one = {side: _next(shown) for side, shown in shows.items()}
    quiet_again = {side: _next(~shown) for side, shown in shows.items()}
    lately = {side: _lately(shown) for side, shown in shows.items()}
    usual = {
        row: np.stack([_usual(lately[side][row], next_one[side][row], within) for side in (-1, 1)])
        for row in {pair.follower for pair in pairs}
    }
    out = []
    for pair in pairs:
        at = np.flatnonzero(begun[pair.leader])
        side = begun[pair.leader, at].astype(np.int64) * pair.sign
        down = side < 0
        quiet = ~np.where(down, lately[-1][pair.follower, at], lately[1][pair.follower, at])
        at, side, down = at[quiet], side[quiet], down[quiet]
        lag = np.where(down, next_one[-1][pair.follower, at], next_one[1][pair.follower, at]) - at
        lag = np.where(lag <= within, lag, 0)
        gone = np.where(down, quiet_again[-1][pair.follower, at + lag], quiet_again[1][pair.follower, at + lag])
        out.append(Past(pair, within, at, side, lag, gone, usual[pair.follower]))
    return out


def _next(shown: Bools) -> Ints:
    """(S, T): the next bucket after each in which it shows; far away where there is none."""
    count = shown.shape[1]
    place = np.where(shown, np.arange(count), 1 << 40)
    later = np.minimum.accumulate(place[:, ::-1], axis=1)[:, ::-1]
    return np.concatenate([later[:, 1:], np.full((len(shown), 1), 1 << 40)], axis=1)


def _lately(shown: Bools) -> Bools:
    """(S, T): it shows in the bucket or did in one just before: nothing is early any more."""
    total = np.cumsum(np.concatenate([np.zeros((len(shown), STILL)), shown], axis=1), axis=1)
    found: Bools = (
        total[:, STILL:] - np.concatenate([np.zeros((len(shown), 1)), total[:, : shown.shape[1] - 1]], axis=1) > 0
    )
    return found


def _usual(lately: Bools, next_one: Ints, within: int) -> Floats:
    """(T,): by what was known up to and with each bucket, the share of quiet moments that are followed anyhow."""
    count = len(lately)
    quiet = ~lately
    followed = quiet & (next_one - np.arange(count) <= within)
    moments, hits = np.cumsum(quiet), np.cumsum(followed)
    known = np.arange(count) - within
    at = np.maximum(known, 0)
    found: Floats = np.where(known >= 0, (hits[at] + 1) / (moments[at] + 2), 0.5)
    return found


def believed(every: Sequence[Past], until: int) -> list[Past]:
    """The pairs that the past up to a bucket bears out: those of the tree are tested among themselves."""
    split = int(until * MINED_PART)
    out: list[Past] = []
    for along in (True, False):
        group = [past for past in every if past.pair.tree == along]
        tested = [(_chance(past, 0, split), number) for number, past in enumerate(group)]
        for number in _discovered(tested):
            past = group[number]
            first, later = past.known(0, split), past.known(split, until)
            if len(first) >= LEAST_EVENTS and len(later) >= LEAST_LATER and _shares(past, later) >= LEAD_CHANCE:
                out.append(past)
    return out


def _shares(past: Past, chosen: npt.NDArray[np.intp]) -> float:
    return float((past.lag[chosen] > 0).mean()) if len(chosen) else 0.0


def _chance(past: Past, since: int, until: int) -> float:
    """How likely so many hits or more are by chance."""
    chosen = past.known(since, until)
    usual = float(past.usual[:, max(until - 1, 0)].max())
    return _tail(int((past.lag[chosen] > 0).sum()), len(chosen), usual)


def _tail(hits: int, events: int, usual: float) -> float:
    """The probability of so many hits or more by chance (binomial)."""
    return min(1.0, sum(math.comb(events, k) * usual**k * (1 - usual) ** (events - k) for k in range(hits, events + 1)))


def _discovered(tested: Sequence[tuple[float, int]]) -> list[int]:
    """Benjamini and Hochberg, "Controlling the false discovery rate" (1995): the largest set of which so large a share at
    most is expected to be false."""
    ordered = sorted(tested)
    last = max((n for n, (chance, _) in enumerate(ordered, 1) if chance <= FALSE_PAIRS * n / len(ordered)), default=0)
    return [number for _, number in ordered[:last]]


def foretold(score: Floats, pairs: Sequence[Pair], within: int, every: int) -> Mapping[int, list[Foretold]]:
    """By follower, what would have been told, in order: one at a time to each side.

    Args:
        score: (S, T), see `pasts`.
        within: buckets in which a follower must show what its leader did.
        every: buckets after which pairs are looked for anew.
    """
    all_pasts = pasts(score, pairs, within)
    found: list[Foretold] = []
    for since in range(every, score.shape[1], every):
        for past in believed(all_pasts, since):
            found += _of(past, since, since + every, score.shape[1])
    found.sort(key=lambda one: (one.at, not one.pair.tree, -one.chance))
    out: dict[int, list[Foretold]] = {}
    for one in found:
        row = out.setdefault(one.pair.follower, [])
        if all(each.side != one.side or (each.over is not None and each.over < one.at) for each in row):
            row.append(one)
    return out


def _of(past: Past, since: int, until: int, buckets: int) -> Iterator[Foretold]:
    """The warnings of a believed pair in [since, until)."""
    for number in np.flatnonzero((past.at >= since) & (past.at < until)).tolist():
        at, lag = int(past.at[number]), int(past.lag[number])
        known = past.known(0, at + 1)
        hits = past.lag[known][past.lag[known] > 0]
        chance = (len(hits) + 1) / (len(known) + 2)
        if chance < LEAD_CHANCE:
            continue
        shown = at + lag if lag else None
        over = at + past.within if shown is None else int(past.gone[number])
        yield Foretold(
            pair=past.pair,
            at=at,
            side=int(past.side[number]),
            lag=int(np.median(hits)),
            within=past.within,
            events=len(known),
            hits=len(hits),
            chance=chance,
            shown=shown,
            over=over if over < buckets else None,
            past=past,
        )
