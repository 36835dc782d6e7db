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


@dataclass(frozen=True, slots=True)
class Roots:
    """Of one kind of amounts; `signed`: some are negative."""

    root: np.float32
    share: bool
    signed: bool

    @staticmethod
    def of(kind: Kind, *, negative: bool) -> Roots:
        """`negative`: whether some of the amounts are."""
        counted = kind in (Kind.COUNT, Kind.SHARE)
        return Roots(np.float32(_ANSCOMBE if counted else 0.0), kind is Kind.SHARE, kind is Kind.SUM and negative)

    def off(self, amount: Single, mean: Single, weight: Single | None) -> Single:
        """How far off amounts are; of shares `weight` is what they are of."""
        if self.share and weight is not None:
            return _Share.of(amount, mean, weight, self.root).off
        return self._plain(amount, mean)[0]

    def taken(self, amount: Single, mean: Single, weight: Single | None, spread: Single) -> tuple[Single, Single]:
        """How far off amounts are, and amounts as they are learned: no further off than so many times `spread`."""
        if self.share and weight is not None:
            of = _Share.of(amount, mean, weight, self.root)
            return of.off, of.kept(weight, spread, self.root)
        off, middle, roots = self._plain(amount, mean)
        reach = np.float32(CLIP / 2) * spread
        kept = np.clip(roots, middle - reach, middle + reach)
        return off, kept * np.abs(kept) - self.root

    def _plain(self, amount: Single, mean: Single) -> tuple[Single, Single, Single]:
        middle = np.sqrt(mean + self.root)
        roots = np.sqrt(np.abs(amount) + self.root)
        if self.signed:
            roots = np.copysign(roots, amount)
        return np.float32(2) * (roots - middle), middle, roots


@dataclass(frozen=True, slots=True, eq=False)
class _Share:
    """Amounts that are shares of weights, by whichever side of one is the smaller: `flip` where it is the other."""

    flip: npt.NDArray[np.bool_]
    seen: Single
    thin: Single
    middle: Single
    off: Single

    @staticmethod
    def of(amount: Single, mean: Single, weight: Single, root: np.float32) -> _Share:
        flip = mean > np.float32(0.5) * weight
        near, seen = np.where(flip, weight - mean, mean), np.where(flip, weight - amount, amount)
        thin = np.sqrt(np.maximum(1 - near / weight, np.float32(0.02)))
        middle = np.sqrt(np.maximum(near, 0) + root)
        off = np.float32(2) * (np.sqrt(np.maximum(seen, 0) + root) - middle) / thin
        return _Share(flip, seen, thin, middle, np.where(flip, -off, off))

    def kept(self, weight: Single, spread: Single, root: np.float32) -> Single:
        """The amounts, no further off than is learned."""
        reach = np.float32(CLIP / 2) * spread * self.thin
        low, high = np.maximum(self.middle - reach, 0) ** 2 - root, (self.middle + reach) ** 2 - root
        kept = np.clip(self.seen, low, high)
        kept = np.where(self.flip, weight - kept, kept)
        out: Single = np.clip(kept, 0, weight)
        return out
