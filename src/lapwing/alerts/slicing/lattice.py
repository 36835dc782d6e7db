"""All slices of up to three dimensions, and their evidence: one sum over the leaves for each combination of dimensions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lapwing.alerts.slicing.constants import DEEPEN, EXTRA, KEEP, LAYERS, MOST, SPLIT
from lapwing.alerts.slicing.leaves import Floats, Ints, Piece


@dataclass(frozen=True, slots=True)
class Scored:
    """A slice with its evidence, in nats."""

    score: float
    piece: Piece


@dataclass(frozen=True, slots=True, eq=False)
class Cuboid:
    """One combination of dimensions. `key`: (leaves,) the number of the slice each leaf is in; `values`: the full key of
    each number where they were made dense; `blank`: 0 for slices that have leaves, else -inf. `within`: the number of a
    combination of one dimension more, whose sums over an axis are this one's; None: leaves are summed."""

    places: tuple[int, ...]
    key: Ints
    values: Ints | None
    blank: Floats
    within: tuple[int, tuple[int, ...], int] | None = None


class Lattice:
    """Every combination of dimensions that vary; constant ones explain nothing."""

    def __init__(self, codes: Ints) -> None:
        self._sizes = [int(code.max()) + 1 for code in codes]
        varying = [place for place, code in enumerate(codes) if (code != code[0]).any()]
        cuboids = [
            self._cuboid(codes, places)
            for depth in range(1, min(LAYERS, len(varying)) + 1)
            for places in itertools.combinations(varying, depth)
        ]
        self.cuboids = [replace(cuboid, within=self._within(cuboid, cuboids)) for cuboid in cuboids]

    def _cuboid(self, codes: Ints, places: tuple[int, ...]) -> Cuboid:
        key, size = codes[places[0]], math.prod(self._sizes[place] for place in places)
        for place in places[1:]:
            key = key * self._sizes[place] + codes[place]
        values = None
        if size > 4 * len(key):
            values, key = np.unique(key, return_inverse=True)
        present = np.bincount(key, minlength=size if values is None else len(values))
        return Cuboid(places, key, values, np.where(present > 0, 0.0, -np.inf))

    def _within(self, cuboid: Cuboid, cuboids: list[Cuboid]) -> tuple[int, tuple[int, ...], int] | None:
        """The smallest that has it as a part and fewer slices than there are leaves: its number, its sizes, and the axis."""
        found = None
        for number, other in enumerate(cuboids):
            more = set(other.places) - set(cuboid.places)
            wider = len(other.places) == len(cuboid.places) + 1 == len(more) + len(cuboid.places)
            small = other.values is None and 2 * len(other.blank) <= len(other.key)
            if wider and small and (found is None or len(other.blank) < len(cuboids[found[0]].blank)):
                sizes = tuple(self._sizes[place] for place in other.places)
                found = number, sizes, other.places.index(more.pop())
        return found

    def _sums(self, nats: Floats) -> list[Floats]:
        """(slices,) of each combination, of (leaves,)."""
        sums: list[Floats] = [nats] * len(self.cuboids)
        for number in reversed(range(len(self.cuboids))):
            cuboid = self.cuboids[number]
            if cuboid.within is None:
                summed = np.bincount(cuboid.key, weights=nats, minlength=len(cuboid.blank))
                sums[number] = summed.astype(np.float64, copy=False)
            else:
                of, sizes, axis = cuboid.within
                sums[number] = sums[of].reshape(sizes).sum(axis).reshape(-1)
        return sums

    def _scores(self, nats: Floats) -> list[Floats]:
        """(slices,) of each combination: the evidence at the best shift."""
        most = self._sums(np.ascontiguousarray(nats[:, 0]))
        for shift in range(1, nats.shape[1]):
            for found, other in zip(most, self._sums(np.ascontiguousarray(nats[:, shift])), strict=True):
                np.maximum(found, other, out=found)
        return [
            found + cuboid.blank + DEEPEN * len(cuboid.places) for found, cuboid in zip(most, self.cuboids, strict=True)
        ]

    def count(self) -> int:
        """How many slices there are."""
        return sum(int(np.isfinite(cuboid.blank).sum()) for cuboid in self.cuboids)

    def top(self, nats: Floats) -> float:
        """The most evidence that any slice has, of (leaves,) at one shift."""
        return max(float(scores.max()) for scores in self._scores(nats[:, None]))

    def search(self, nats: Floats) -> tuple[list[Scored], list[Scored]]:
        """The best set of slices of one combination of dimensions, and single slices, both the best first."""
        rows = [self._best(cuboid, scores) for cuboid, scores in zip(self.cuboids, self._scores(nats), strict=True)]
        every = sorted(itertools.chain(*rows), key=lambda scored: -scored.score)
        chosen, most = every[:1], every[0].score
        step = max(SPLIT * most, EXTRA)
        for row in rows:
            for size in range(2, min(MOST, len(row)) + 1):
                if row[size - 1].score <= 0:
                    break
                total = sum(scored.score for scored in row[:size]) - step * (size - 1)
                if total > most:
                    most, chosen = total, row[:size]
        return list(chosen), every

    def _best(self, cuboid: Cuboid, scores: Floats) -> list[Scored]:
        best = np.argpartition(-scores, min(KEEP, len(scores)) - 1)[:KEEP]
        best = best[np.argsort(-scores[best], kind="stable")]
        return list(self._scored(cuboid, scores, best))

    def _scored(self, cuboid: Cuboid, scores: Floats, best: Ints) -> Iterator[Scored]:
        for number in best.tolist():
            if not np.isfinite(scores[number]):
                continue
            key, piece = int(number if cuboid.values is None else cuboid.values[number]), []
            for place in reversed(cuboid.places):
                key, code = divmod(key, self._sizes[place])
                piece.append((place, code))
            yield Scored(float(scores[number]), tuple(reversed(piece)))
