"""Which slice explains what all of them went through: one bucket, many series that overlap, few causes.

Where a slice fell, everything it is a part of fell a little, and so did all its parts. A slice is believed to be where
something happened by how much of all that was seen it accounts for: squared deviations, less those that are left when what
it moved is taken out of every series by as much as they have in common. The best one is taken first, and what it leaves is
looked at again (forward stagewise selection; Efron, Hastie, Johnstone and Tibshirani, "Least angle regression", 2004).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.sweep.constants import EXPLAINS, HALF, SPECIFIC

Ints = npt.NDArray[np.int64]


class Common(Protocol):
    """Of a series, the share (S,) of what each series should come to (its `size`) that belongs to it, too; `exact`: where that
    must be asked for."""

    def __call__(self, one: int, size: Floats, *, exact: bool) -> Floats: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """What S series came to, what they should have, by which deviation, in amounts; (S,) each. `size`: how many
    dimensions each is a slice by. Those that are `there` tell what happened; `warm` ones may explain it, which are as
    unusual as one that is followed must be to be told; `hot` ones are to be explained, which are unusual among as many as
    there are, and until their score is below `least`. All of it in one `direction`; the whole is last."""

    actual: Floats
    expected: Floats
    sigma: Floats
    size: Ints
    there: Bools
    warm: Bools
    hot: Bools
    least: Floats
    direction: int

    def scores(self, moved: Floats) -> Floats:
        """How far they are off when so much of it is explained."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.nan_to_num((self.actual - self.expected - moved) / self.sigma)

    def usual(self, moved: Floats, one: int, share: float | None) -> Floats:
        """What they should have come to, so much of it moved; `one` by its share of the whole, if that is further away."""
        out: Floats = self.expected + moved
        if share is not None:
            apart = share * out[-1]
            out[one] = max(out[one], apart) if self.direction < 0 else min(out[one], apart)
        return out

    def move(self, one: int, usual: Floats) -> Floats:
        """What a series' own move is for each that it has all in common with: the same share of what they should be."""
        out: Floats = usual * ((self.actual[one] - usual[one]) / usual[one] if usual[one] else 0.0)
        return out


def explaining(stretch: Stretch, common: Common, standing: Mapping[int, float]) -> tuple[list[int], Floats]:
    """The series that explain what is unusual, the best first, and how much of all series (S,) they move. `standing` ones
    explained the buckets before: they come first where they still explain anything, and are compared with their share of
    the whole before that."""
    moved = np.zeros(len(stretch.actual))
    left, free, found = stretch.hot.copy(), (stretch.warm | stretch.hot) & stretch.there, list[int]()
    side = np.sign(stretch.scores(moved))
    while left.any() and len(found) < EXPLAINS:
        gains = _gains(stretch, common, moved, left, free, standing)
        if not gains:
            break
        stay = [one for one in standing if gains.get(one, 0.0) > 0]
        best = stay[0] if stay else max(gains, key=lambda one: (gains[one] * (1 - SPECIFIC * stretch.size[one]), -one))
        if gains[best] <= 0:
            break
        found.append(best)
        usual = stretch.usual(moved, best, standing.get(best))
        moved = moved + common(best, np.abs(usual), exact=True) * stretch.move(best, usual)
        left[best] = free[best] = False
        left &= stretch.scores(moved) * side >= stretch.least
    return found, moved


def _gains(
    stretch: Stretch, common: Common, moved: Floats, left: Bools, free: Bools, standing: Mapping[int, float]
) -> dict[int, float]:
    """By series that explains much of one that is left: how much of all there is it explains."""
    before = stretch.scores(moved)
    gains: dict[int, float] = {}
    for one in np.flatnonzero(free).tolist():
        usual = stretch.usual(moved, one, standing.get(one))
        move = common(one, np.abs(usual), exact=False) * stretch.move(one, usual)
        saved = before**2 - stretch.scores(moved + move) ** 2
        if one in standing or (saved[left] >= HALF * before[left] ** 2).any():
            gains[one] = float(saved[stretch.there].sum())
    return gains
