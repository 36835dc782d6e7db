"""All slices of up to three dimensions, and their evidence: one sum over the leaves for each combination of dimensions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

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
    each number where they were made dense; `blank`: 0 for slices that have leaves, else -inf."""

    places: tuple[int, ...]
    key: Ints
    values: Ints | None
    blank: Floats

    def scores(self, nats: Floats) -> Floats:
        """(slices,): the evidence at the best shift."""
        found = self.blank + np.bincount(self.key, weights=nats[:, 0], minlength=len(self.blank))
        for shift in range(1, nats.shape[1]):
            other = self.blank + np.bincount(self.key, weights=nats[:, shift], minlength=len(self.blank))
            np.maximum(found, other, out=found)
        return found + DEEPEN * len(self.places)


class Lattice:
    """Every combination of dimensions that vary; constant ones explain nothing."""

    def __init__(self, codes: Ints) -> None:
        self._sizes = [int(code.max()) + 1 for code in codes]
        varying = [place for place, code in enumerate(codes) if (code != code[0]).any()]
        self.cuboids = [
            self._cuboid(codes, places)
            for depth in range(1, min(LAYERS, len(varying)) + 1)
            for places in itertools.combinations(varying, depth)
        ]

    def _cuboid(self, codes: Ints, places: tuple[int, ...]) -> Cuboid:
        key, size = codes[places[0]], math.prod(self._sizes[place] for place in places)
        for place in places[1:]:
            key = key * self._sizes[place] + codes[place]
        values = None
        if size > 4 * len(key):
            values, key = np.unique(key, return_inverse=True)
        present = np.bincount(key, minlength=size if values is None else len(values))
        return Cuboid(places, key, values, np.where(present > 0, 0.0, -np.inf))

    def count(self) -> int:
        """How many slices there are."""
        return sum(int(np.isfinite(cuboid.blank).sum()) for cuboid in self.cuboids)

    def top(self, nats: Floats) -> float:
        """The most evidence that any slice has."""
        return max(float(cuboid.scores(nats).max()) for cuboid in self.cuboids)

    def search(self, nats: Floats) -> tuple[list[Scored], list[Scored]]:
        """The best set of slices of one combination of dimensions, and single slices, both the best first."""
        rows = [self._best(cuboid, nats) for cuboid in self.cuboids]
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

    def _best(self, cuboid: Cuboid, nats: Floats) -> list[Scored]:
        scores = cuboid.scores(nats)
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
