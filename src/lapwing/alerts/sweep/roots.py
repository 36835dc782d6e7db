"""How far amounts are off what was expected of them, in deviations of chance: by square roots, which make counts and amounts
vary alike (Anscombe, "The transformation of Poisson, binomial and negative-binomial data", Biometrika 1948)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Kind
from lapwing.alerts.sweep.constants import CLIP
from lapwing.alerts.sweep.memory import Single

_ANSCOMBE = 0.375
_HALF, _TWO = np.float32(0.5), np.float32(2)
_THINNEST = np.float32(0.02)


@dataclass(frozen=True, slots=True)
class Roots:
    """Of one kind of amounts; `negative`: some are, `signed`: and are meant to be."""

    root: np.float32
    share: bool
    negative: bool
    signed: bool

    @staticmethod
    def of(kind: Kind, amounts: Single) -> Roots:
        """For these amounts (T, S)."""
        counted = kind in (Kind.COUNT, Kind.SHARE)
        negative = bool((amounts < 0).any())
        return Roots(
            np.float32(_ANSCOMBE if counted else 0.0), kind is Kind.SHARE, negative, negative and kind is Kind.SUM
        )

    def read(self, amount: Single, mean: Single, weight: Single | None) -> Plain | Share:
        """Amounts beside what was expected; of shares `weight` is what they are of."""
        if self.share and weight is not None:
            return Share.of(amount, mean, weight, self.root)
        roots = _root(np.abs(amount) if self.negative else amount, self.root)
        if self.signed:
            np.copysign(roots, amount, out=roots)
        return Plain(amount, roots, _root(mean, self.root), self.root, self.signed)


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """Amounts that are counts or sums, by the `roots` of what came and, in the `middle`, of what was expected."""

    amount: Single
    roots: Single
    middle: Single
    root: np.float32
    signed: bool

    def off(self) -> Single:
        """How far off they are."""
        return self._off(self.middle)

    def off_by(self, mean: Single) -> Single:
        """How far they are off something else."""
        return self._off(_root(mean, self.root))

    def kept(self, deviations: Single, spread: Single) -> Single:
        """The amounts as they are learned: so many deviations off at most."""
        kept = np.clip(deviations, -CLIP, CLIP)
        kept *= spread
        kept *= _HALF
        kept += self.middle
        kept *= np.abs(kept) if self.signed else kept
        kept -= self.root
        return kept

    def _off(self, middle: Single) -> Single:
        off: Single = self.roots - middle
        off *= _TWO
        return off


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """Amounts that are shares of weights, by whichever side of one is the smaller: `flip` where it is the other."""

    amount: Single
    weight: Single
    root: np.float32
    flip: npt.NDArray[np.bool_]
    seen: Single
    thin: Single
    middle: Single

    @staticmethod
    def of(amount: Single, mean: Single, weight: Single, root: np.float32) -> Share:
        flip = mean > _HALF * weight
        near, seen = np.where(flip, weight - mean, mean), np.where(flip, weight - amount, amount)
        thin = np.sqrt(np.maximum(1 - near / weight, _THINNEST))
        return Share(amount, weight, root, flip, seen, thin, _root(np.maximum(near, 0), root))

    def off(self) -> Single:
        """How far off they are."""
        off = _TWO * (_root(np.maximum(self.seen, 0), self.root) - self.middle) / self.thin
        return np.where(self.flip, -off, off)

    def off_by(self, mean: Single) -> Single:
        """How far they are off something else, which is all of the weight at most."""
        return Share.of(self.amount, np.minimum(mean, self.weight), self.weight, self.root).off()

    def kept(self, deviations: Single, spread: Single) -> Single:
        """The amounts as they are learned: so many deviations off at most."""
        reach = np.float32(CLIP / 2) * spread * self.thin
        low, high = np.maximum(self.middle - reach, 0) ** 2 - self.root, (self.middle + reach) ** 2 - self.root
        kept = np.clip(self.seen, low, high)
        kept = np.where(self.flip, self.weight - kept, kept)
        out: Single = np.clip(kept, 0, self.weight)
        return out


def _root(mean: Single, root: np.float32) -> Single:
    out: Single = mean + root
    return np.sqrt(out, out=out)
