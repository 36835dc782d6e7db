"""What chance does to a number: how far it strays from its mean, put on one scale for counts, shares, sums and levels.

Residuals are Anscombe's: of the power 2/3, near normal for counts down to a mean of one half, with the exact noise of
small denominators.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Kind(StrEnum):
    """What chance does to a series. COUNT: rows (Poisson at least). SHARE: rows out of `exposure` rows (binomial at
    least). SUM: amounts whose variance grows with their mean; of `exposure` units where given. LEVEL: any number, of
    constant spread."""

    COUNT = "count"
    SHARE = "share"
    SUM = "sum"
    LEVEL = "level"


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """Where amounts should lie: mean, exposure and spread on each side; arrays of any one shape."""

    mean: Floats
    weight: Floats
    up: Floats
    down: Floats

    def at(self, mean: Floats) -> Range:
        """The same around another mean."""
        return Range(mean, self.weight, self.up, self.down)

    def wider(self, extra: Floats) -> Range:
        """With more spread, of another cause."""
        up, down = (np.sqrt(side * side + extra * extra) for side in (self.up, self.down))
        return Range(self.mean, self.weight, up, down)


def residual(kind: Kind, where: Range, amount: Floats) -> Floats:
    """How far an amount is from the mean, before division by the spread; above a share of one half, of the complement."""
    if kind is Kind.LEVEL:
        return amount - where.mean
    if kind is not Kind.SHARE:
        return (_power(amount) - _power(where.mean)) / _stretch(kind, where, where.mean)
    flip = where.mean > 0.5 * where.weight
    near = np.where(flip, where.weight - where.mean, where.mean)
    seen = np.where(flip, where.weight - amount, amount)
    found = (_power(seen) - _power(near)) / _stretch(kind, where, near)
    return np.where(flip, -found, found)


def amount_at(kind: Kind, where: Range, width: float | Floats) -> Floats:
    """The amount whose residual is `width` spreads: the inverse of the score."""
    reach = np.where(width > 0, where.up, where.down) * width
    if kind is Kind.LEVEL:
        return where.mean + reach
    if kind is not Kind.SHARE:
        power = _power(where.mean) + reach * _stretch(kind, where, where.mean)
        return _unpower(np.where(where.mean >= 0, np.maximum(power, 0.0), power))
    flip = where.mean > 0.5 * where.weight
    near = np.where(flip, where.weight - where.mean, where.mean)
    power = _power(near) + np.where(flip, -reach, reach) * _stretch(kind, where, near)
    seen = np.clip(_unpower(np.maximum(power, 0.0)), 0.0, where.weight)
    return np.where(flip, where.weight - seen, seen)


def _stretch(kind: Kind, where: Range, near: Floats) -> Floats:
    """What the power 2/3 is divided by to have the noise's size, kept from 0; the binomial's tail is thinner."""
    least = 0.1 * np.maximum(where.up, where.down) ** 2 if kind is Kind.SUM else 0.1
    stretch: Floats = np.maximum(np.abs(near), least) ** (1 / 6) / 1.5
    if kind is Kind.SHARE:
        stretch = stretch * np.sqrt(np.maximum(1 - near / where.weight, 0.02))
    return stretch


def _power(amount: Floats) -> Floats:
    root = np.cbrt(amount)
    return root * np.abs(root)


def _unpower(power: Floats) -> Floats:
    return np.sqrt(np.abs(power)) ** 3 * np.sign(power)
