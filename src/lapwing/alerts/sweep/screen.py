"""The first look: what each slice should come to, by arrays of (slices,) that every bucket passes over once.

It is the full model (`online`) with what costs most left out. A slice has a rate for each seasonal slot, which leans on the
pattern of its parent by a gamma prior (a sparse slot is its parent's, a dense one its own), a level, and a robust spread
that is chance's at least. Square roots make counts and amounts vary alike (Anscombe, "The transformation of Poisson,
binomial and negative-binomial data", Biometrika 1948). What a parent went through as well is no news: a deviation counts
by what is left of it when the slice is expected to have moved as each of its parents did. Deviations are gathered over a
few buckets by exponential means, too.

All numbers are single precision, and series are worked on in blocks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Kind
from lapwing.alerts.online.constants import MEDIAN_OF_NORMAL, SHARE_VISITS, Tuning
from lapwing.alerts.sweep.constants import (
    CLIP,
    FIRM_DAYS,
    LEVEL_EVENTS,
    MOST_GAIN,
    PATTERN_EVENTS,
    PATTERNED,
    SEEN,
    STREAM_CLIP,
    STREAMS,
    SUPPORT_DAYS,
    TRAINED,
)

Single = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
Gained = Single | np.float32

BLOCK = 32_768
"""Series worked on at once: smaller blocks lose more to the interpreter than they win by the cache."""
SUMS = ("total", "recent", "share", "square", "support", "streams")
"""What is remembered of slices in all slots together."""
_TINY = np.float32(1e-12)
_ROOT = 0.375
"""Anscombe's constant."""


@dataclass(slots=True, eq=False, kw_only=True)
class Memory:
    """What is remembered of S slices; sums are discounted.

    - `amounts`, `weights` (N, S): by slot; weights are (N, 1) where every slice has the same.
    - `total` (2, S): amounts and weights of all slots.
    - `recent` (2, S): actual and expected amounts.
    - `share` (2, S): amounts, and what the parent's pattern makes of their weights.
    - `square` (2, S): squared clipped deviations, and of how many.
    - `support` (S): what supports a slice, by bucket; `buckets`: how many there were.
    - `streams` (2, K, S): gathered deviations, and their squares.
    - `visits` (N): how often each slot was there.
    """

    amounts: Single
    weights: Single
    total: Single
    recent: Single
    share: Single
    square: Single
    support: Single
    streams: Single
    visits: npt.NDArray[np.int64]
    buckets: int = 0

    @staticmethod
    def blank(series: int, slots: int, *, weighted: bool) -> Memory:
        """Of nothing yet."""

        def zeros(*shape: int) -> Single:
            return np.zeros(shape, np.float32)

        streams = zeros(2, len(STREAMS), series)
        return Memory(
            amounts=zeros(slots, series),
            weights=zeros(slots, series if weighted else 1),
            total=zeros(2, series),
            recent=zeros(2, series),
            share=zeros(2, series),
            square=zeros(2, series),
            support=zeros(series),
            streams=streams,
            visits=np.zeros(slots, np.int64),
        )

    def part(self, rows: slice) -> Memory:
        """Of some of the slices; arrays are views, so that what it learns is learned here, too. What all have in common is
        copied."""
        common = self.weights.shape[1] == 1
        return Memory(
            amounts=self.amounts[:, rows],
            weights=self.weights.copy() if common else self.weights[:, rows],
            total=self.total[:, rows],
            recent=self.recent[:, rows],
            share=self.share[:, rows],
            square=self.square[:, rows],
            support=self.support[rows],
            streams=self.streams[:, :, rows],
            visits=self.visits.copy(),
            buckets=self.buckets,
        )

    def grown(self, count: int, *, weighted: bool, held: Mapping[int, int] | None = None) -> Memory:
        """With so many more slices, of which nothing is known. `held`: the slots that are there at all, and from which slice
        on; None: every one."""
        old = len(self.support)
        out = Memory.blank(old + count, len(self.visits), weighted=weighted)
        slots = dict.fromkeys(range(len(self.visits)), 0) if held is None else held
        for slot, first in slots.items():
            out.amounts[slot, first:old] = self.amounts[slot, first:]
            if weighted:
                out.weights[slot, first:old] = self.weights[slot, first:]
        if not weighted:
            out.weights = self.weights
        for name in SUMS:
            getattr(out, name)[..., :old] = getattr(self, name)
        out.visits, out.buckets = self.visits, self.buckets
        return out

    def take(self, other: Memory, rows: Places, of: Places, *, weighted: bool) -> None:
        """What another one remembers of some slices."""
        for name in ("amounts", *(["weights"] if weighted else []), *SUMS):
            getattr(self, name)[..., rows] = getattr(other, name)[..., of]

    @property
    def room(self) -> int:
        """Its bytes."""
        arrays = (self.amounts, self.weights, *(getattr(self, name) for name in SUMS))
        return sum(array.nbytes for array in arrays)


@dataclass(frozen=True, slots=True, eq=False)
class Above:
    """The parents of slices along one of their dimensions: `rows` (S,) are columns of `pattern` and `gain` (T, P), what the
    parents were expected to be by unit of weight, and how many times as much they came to."""

    rows: Places
    pattern: Single
    gain: Single


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a pass saw: `bucket`, `row` and `size` (F,) of buckets that may be worth a second look, `size` in signed
    deviations; `watched` (T,), how many slices had support; and of the slices as parents `pattern` and `gain` (T, S), where
    that was wanted."""

    bucket: npt.NDArray[np.int64]
    row: Places
    size: Single
    watched: npt.NDArray[np.int64]
    pattern: Single | None
    gain: Single | None

    def later(self, by: int) -> Seen:
        """The same, so many buckets later."""
        return replace(self, bucket=self.bucket + by)

    @staticmethod
    def joined(parts: Sequence[Seen], series: int) -> Seen:
        """One stretch of time after the other."""
        if not parts:
            nothing, empty = np.zeros(0, np.int64), np.zeros((0, series), np.float32)
            return Seen(nothing, nothing, empty[:, 0] if series else np.zeros(0, np.float32), nothing, empty, empty)
        patterns, gains = ([getattr(part, name) for part in parts] for name in ("pattern", "gain"))
        return Seen(
            np.concatenate([part.bucket for part in parts]),
            np.concatenate([part.row for part in parts]),
            np.concatenate([part.size for part in parts]),
            np.concatenate([part.watched for part in parts]),
            None if patterns[0] is None else np.concatenate(patterns),
            None if gains[0] is None else np.concatenate(gains),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Screen:
    """`least`: the support from which on a slice is watched. `parental`: whether the slices are parents of others."""

    kind: Kind
    tuning: Tuning
    least: float
    parental: bool = False
    threads: int = 1

    def advance(
        self,
        memory: Memory,
        slots: npt.NDArray[np.int64],
        amounts: Single,
        weights: Single | None = None,
        support: Single | None = None,
        above: Sequence[Above] = (),
        judged: Bools | None = None,
    ) -> Seen:
        """Goes on from what is remembered, which changes.

        Args:
            slots: (T,) of each bucket.
            amounts: (T, S), nan in buckets that are not known.
            weights: (T, S), the denominators where values are ratios; None: each bucket counts alike.
            support: (T, S), what supports a slice; None: the amounts do.
            judged: (T,), which buckets are, those that are known of no slice left out; None: all others.
        """
        known: Bools = ~np.all(np.isnan(amounts), axis=1) if judged is None else judged
        series = amounts.shape[1]
        blocks = [slice(first, min(first + BLOCK, series)) for first in range(0, series, BLOCK)]
        blocks = blocks or [slice(0, 0)]  # visits are counted of none, too

        def one(rows: slice) -> tuple[Memory, Seen]:
            part = memory.part(rows)
            pass_ = _Pass(self, part, [Above(each.rows[rows], each.pattern, each.gain) for each in above])
            cut = (None if array is None else array[:, rows] for array in (weights, support))
            return part, pass_.run(slots, known, amounts[:, rows], *cut)

        if self.threads > 1 and len(blocks) > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                done = list(pool.map(one, blocks))
        else:
            done = [one(rows) for rows in blocks]
        last = done[-1][0]
        memory.visits[:], memory.buckets = last.visits, last.buckets
        if memory.weights.shape[1] == 1:
            memory.weights[:] = last.weights
        return _joined([seen for _, seen in done], [rows.start for rows in blocks])


def _joined(parts: Sequence[Seen], firsts: Sequence[int]) -> Seen:
    def together(name: str) -> Single | None:
        arrays = [getattr(part, name) for part in parts]
        return None if arrays[0] is None else np.concatenate(arrays, axis=1)

    return Seen(
        np.concatenate([part.bucket for part in parts]),
        np.concatenate([part.row + first for part, first in zip(parts, firsts, strict=True)]),
        np.concatenate([part.size for part in parts]),
        np.sum([part.watched for part in parts], axis=0),
        together("pattern"),
        together("gain"),
    )


class _Pass:
    """One pass over a block of slices."""

    def __init__(self, screen: Screen, memory: Memory, above: Sequence[Above]) -> None:
        tuning = screen.tuning
        self.screen, self.memory, self.above = screen, memory, above
        self.share = screen.kind is Kind.SHARE
        self.root = np.float32(_ROOT if screen.kind in (Kind.COUNT, Kind.SHARE) else 0.0)
        self.floor = np.float32(1.0 if screen.kind in (Kind.COUNT, Kind.SHARE) else 1e-6)
        self.keep_slot = np.float32(1 - 1 / tuning.visits)
        self.keep_level = np.float32(1 - 1 / tuning.level)
        self.keep_spread = np.float32(1 - 1 / tuning.spread)
        self.keep_share = np.float32(1 - 1 / (SHARE_VISITS * tuning.day))
        self.keep_support = kept_support(tuning)
        self.firm = firm_buckets(tuning)
        self.normal = np.float32(1 / math.sqrt(_clipped_square(MEDIAN_OF_NORMAL)))
        self.decays = [np.float32(1 - 1 / length) for length in STREAMS]

    def run(
        self,
        slots: npt.NDArray[np.int64],
        judged: Bools,
        amounts: Single,
        weights: Single | None,
        support: Single | None,
    ) -> Seen:
        buckets, series = amounts.shape
        shape = (buckets, series) if self.screen.parental else (0, series)
        pattern, gain = np.zeros(shape, np.float32), np.ones(shape, np.float32)
        watched = np.zeros(buckets, np.int64)
        found: list[tuple[int, Places, Single]] = []
        signed = self.screen.kind is Kind.SUM and bool((amounts < 0).any())
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for at in range(buckets):
                weight = None if weights is None else weights[at]
                base, rate = self._expected(at, int(slots[at]), weight)
                if self.screen.parental:
                    pattern[at] = rate
                amount = amounts[at]
                if not judged[at]:
                    continue
                rows, size, of = self._take(at, int(slots[at]), amount, weight, base, signed)
                if self.screen.parental:
                    gain[at] = of
                watched[at] = self._supported(amount if support is None else support[at], rows, size, found, at)
        return Seen(
            np.concatenate([np.full(len(rows), at) for at, rows, _ in found]) if found else np.zeros(0, np.int64),
            np.concatenate([rows for _, rows, _ in found]) if found else np.zeros(0, np.intp),
            np.concatenate([size for _, _, size in found]) if found else np.zeros(0, np.float32),
            watched,
            pattern if self.screen.parental else None,
            gain if self.screen.parental else None,
        )

    def _spread(self) -> Single:
        square, judged = self.memory.square
        spread = np.sqrt(square / judged) * self.normal
        out: Single = np.fmax(spread, self.floor)
        return out

    def _expected(self, at: int, slot: int, weight: Single | None) -> tuple[Single, Single]:
        """What the slices should come to by pattern and level; and that by unit of weight."""
        memory = self.memory
        amounts, weights, total = memory.amounts[slot], memory.weights[slot], memory.total
        self.spread = spread = self._spread()
        events = spread * spread
        prior = total[0] / total[1]
        if self.above:
            of = self.above[0]
            self.borrowed = of.pattern[at][of.rows]
            share = memory.share[0] / memory.share[1]
            by_parent = share * self.borrowed
            prior = np.where(np.isfinite(by_parent), by_parent, prior)
        believed = events * np.float32(PATTERN_EVENTS)
        rate = prior * (amounts + believed) / (prior * weights + believed)
        extra = events * np.float32(LEVEL_EVENTS)
        rate = rate * ((memory.recent[0] + extra) / (memory.recent[1] + extra))
        return (rate if weight is None else rate * weight), rate

    def _take(
        self, at: int, slot: int, amount: Single, weight: Single | None, mean: Single, signed: bool
    ) -> tuple[Places, Single, Single]:
        """Takes a bucket in: which slices may be worth a second look, how far they are off, and all their gains."""
        memory = self.memory
        off, spread, kept = self._off(amount, mean, weight, signed)
        ready = memory.visits[slot] >= self.screen.tuning.history
        left = off
        for each in self.above:
            moved = each.gain[at][each.rows]
            by = mean * moved
            if self.share and weight is not None:
                by = np.minimum(by, weight)
            left = _smaller(left, self._off(amount, by, weight, signed, alone=True)[0])
        # What is off by its own pattern and by its parents' is off by the least of them.
        score = left / spread
        if not np.isfinite(score).all():
            np.nan_to_num(score, copy=False)
        best = score
        clipped = np.clip(score, np.float32(-STREAM_CLIP), np.float32(STREAM_CLIP))
        for number, decay in enumerate(self.decays):
            stream, squares = memory.streams[0, number], memory.streams[1, number]
            stream *= decay
            stream += clipped
            size = stream * np.float32(math.sqrt(1 - float(decay) ** 2))
            wide = np.sqrt(np.maximum(squares, 1))
            squares *= self.keep_spread
            squares += (1 - self.keep_spread) * np.minimum(size * size, np.float32(9.0))
            best = _larger(best, size / wide)
        rows = np.flatnonzero(np.abs(best) >= SEEN) if ready else np.zeros(0, np.intp)
        gain = amount
        if self.screen.parental:
            gain = np.nan_to_num(amount / np.fmax(mean, _TINY), nan=1.0, posinf=1.0, neginf=1.0)
            gain = np.clip(gain, 0.0, MOST_GAIN)
        self._learn(slot, amount, weight, mean, off, kept)
        trained = memory.square[1][rows] >= TRAINED
        return rows[trained], best[rows][trained], gain

    def _off(
        self, amount: Single, mean: Single, weight: Single | None, signed: bool, *, alone: bool = False
    ) -> tuple[Single, Single, Single]:
        """How far amounts are off, their spread, and amounts as they are learned; or the first `alone`."""
        spread, root = self.spread, self.root
        if self.share and weight is not None:
            flip = mean > np.float32(0.5) * weight
            near, seen = np.where(flip, weight - mean, mean), np.where(flip, weight - amount, amount)
            thin = np.sqrt(np.maximum(1 - near / weight, np.float32(0.02)))
            middle = np.sqrt(np.maximum(near, 0) + root)
            off = np.float32(2) * (np.sqrt(np.maximum(seen, 0) + root) - middle) / thin
            reach = np.float32(CLIP / 2) * spread * thin
            low, high = np.maximum(middle - reach, 0) ** 2 - root, (middle + reach) ** 2 - root
            kept = np.clip(seen, low, high)
            kept = np.where(flip, weight - kept, kept)
            return np.where(flip, -off, off), spread, np.clip(kept, 0, weight)
        middle = np.sqrt(mean + root)
        roots = np.sqrt(np.abs(amount) + root)
        if signed:
            roots = np.copysign(roots, amount)
        off = np.float32(2) * (roots - middle)
        if alone:
            return off, spread, amount
        reach = np.float32(CLIP / 2) * spread
        kept = np.clip(roots, middle - reach, middle + reach)
        return off, spread, kept * np.abs(kept) - root

    def _learn(self, slot: int, amount: Single, weight: Single | None, mean: Single, off: Single, kept: Single) -> None:
        memory = self.memory
        known = np.isfinite(amount)
        every = bool(known.all())
        young = memory.square[1] < TRAINED
        # The spread: of residuals up to their median's size, as the full model's.
        size = np.minimum(np.abs(off), np.float32(MEDIAN_OF_NORMAL) * self.spread)
        if young.any():
            kept = np.where(young, amount, kept)
            size = np.where(young, np.abs(off) / self.normal, size)
        if memory.visits[slot] >= PATTERNED:  # what is off since the slot is hardly known says nothing
            told = np.isfinite(size)
            self._add(memory.square, self.keep_spread, (size * size, np.float32(1)), told, bool(told.all()))
        by = np.float32(1) if weight is None else weight
        extra = self.spread * self.spread * np.float32(LEVEL_EVENTS)
        level = (memory.recent[0] + extra) / (memory.recent[1] + extra)
        base = np.where(np.isfinite(mean) & (level > 0), mean / level, kept)
        self._add(memory.recent, self.keep_level, (kept, base), known, every)
        if self.above:
            whole = self.borrowed * by
            self._add(memory.share, self.keep_share, (kept, whole), known & np.isfinite(whole), every)
        self._add(memory.total, self.keep_level, (kept, by), known, every)
        amounts, weights = memory.amounts[slot], memory.weights[slot]
        if every:
            amounts *= self.keep_slot
            amounts += kept
        else:
            amounts[:] = np.where(known, amounts * self.keep_slot + kept, amounts)
        if weights.shape[0] == 1 or every:
            weights *= self.keep_slot
            weights += by
        else:
            weights[:] = np.where(known, weights * self.keep_slot + by, weights)
        memory.visits[slot] += 1
        memory.buckets += 1

    @staticmethod
    def _add(
        sums: Single, keep: np.float32, gained: tuple[Gained, Gained], known: npt.NDArray[np.bool_], every: bool
    ) -> None:
        for row, more in enumerate(gained):
            if every:
                sums[row] *= keep
                sums[row] += more
            else:
                sums[row] = np.where(known, sums[row] * keep + more, sums[row])

    def _supported(
        self, support: Single, rows: Places, size: Single, found: list[tuple[int, Places, Single]], at: int
    ) -> int:
        """How many slices had support before this bucket, which counts from the next one on."""
        memory = self.memory
        enough = memory.support >= self.screen.least * weight_of(max(memory.buckets - 1, self.firm), self.keep_support)
        keep = enough[rows]
        if keep.any():
            found.append((at, rows[keep], size[keep]))
        memory.support *= np.float32(self.keep_support)
        memory.support += np.nan_to_num(support)
        return int(np.count_nonzero(enough))


def kept_support(tuning: Tuning) -> float:
    """How much of a slice's support the next bucket finds."""
    return 1 - 1 / (SUPPORT_DAYS * tuning.day)


def firm_buckets(tuning: Tuning) -> int:
    """Of how many buckets a mean is at least that supports a slice."""
    return int(FIRM_DAYS * tuning.day)


def weight_of(buckets: int, keep: float) -> float:
    """What so many buckets weigh in a discounted sum."""
    return (1 - keep**buckets) / (1 - keep)


def _smaller(one: Single, other: Single) -> Single:
    """The nearer to 0 of two; 0 where they are on different sides."""
    out: Single = np.where(one * other > 0, np.where(np.abs(one) <= np.abs(other), one, other), np.float32(0))
    return out


def _larger(one: Single, other: Single) -> Single:
    out: Single = np.where(np.abs(one) >= np.abs(other), one, other)
    return out


def _clipped_square(limit: float) -> float:
    """The mean of min(z², limit²) of a standard normal z."""
    outside = math.erfc(limit / math.sqrt(2))
    return 1 - outside - limit * math.sqrt(2 / math.pi) * math.exp(-limit * limit / 2) + limit * limit * outside
