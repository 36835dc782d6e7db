"""Warnings: from how likely something is after each bucket to something that opens, grows, and ends well or badly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.early.constants import CLEAR, STAYS
from lapwing.alerts.incidents import GREW, Step

SURE = 0.999
"""It has happened, or can't be prevented: told at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning in bucket indexes: its steps (opened, grew, resolved). `direction` is where the trouble lies: -1 too little.
    `came`: whether what was warned of came, None while that is not known. `due`: when what it warned of comes, or came."""

    direction: int
    steps: tuple[Step, ...]
    came: bool | None = None
    due: int | None = None

    @property
    def opened(self) -> int:
        return self.steps[0].bucket

    @property
    def resolved(self) -> int | None:
        last = self.steps[-1]
        return last.bucket if last.kind == "resolved" else None

    def until(self, buckets: int) -> Warned | None:
        """As it was known when only the first `buckets` buckets were."""
        steps = tuple(step for step in self.steps if step.bucket < buckets)
        return replace(self, steps=steps) if steps else None


def raised(
    chance: Floats,
    size: Floats,
    bound: float,
    ends: Bools | None = None,
    stays: int = STAYS,
) -> list[Warned]:
    """The warnings of one series, arrays (T,).

    Args:
        chance: the probability of what is warned of, nan where nothing is known.
        size: how far off it is, signed: where that has grown by half it is told again.
        ends: where a bucket is the last of its period: a warning does not outlive it, and none begins by what was before.
    """
    out: list[Warned] = []
    steps: list[Step] = []
    likely = clear = 0
    told = 0.0
    for at, probability in enumerate(chance.tolist()):
        hot = probability >= bound  # not of nan
        likely = likely + 1 if hot else 0
        if not steps:
            if hot and (likely >= stays or probability >= SURE):
                steps, told, clear = [Step("opened", at)], abs(float(size[at])), 0
        else:
            clear = clear + 1 if probability < CLEAR else 0
            if hot and abs(float(size[at])) > GREW * told > 0:
                told = abs(float(size[at]))
                steps.append(Step("grew", at))
        last = ends is not None and bool(ends[at])
        if steps and (last or clear >= stays):
            if steps[-1].bucket < at or not last:
                steps.append(Step("resolved", at))
                out.append(_of(steps, size))
            steps = []
        if last:
            likely = 0
    if steps:
        out.append(_of(steps, size))
    return out


def _of(steps: Sequence[Step], size: Floats) -> Warned:
    return Warned(direction=1 if size[steps[0].bucket] > 0 else -1, steps=tuple(steps))


@dataclass(frozen=True, slots=True)
class Hits:
    """Of earlier warnings whose end is known: how many there were, and of how many what they warned of came."""

    warnings: int
    came: int

    @classmethod
    def before(cls, warned: Sequence[Warned], bucket: int, ended: npt.NDArray[np.int64] | None = None) -> Hits:
        """Of those whose outcome was known by a bucket: `ended` (one for each) says from which on it was."""
        known = [
            one
            for number, one in enumerate(warned)
            if one.came is not None and (one.resolved or one.opened if ended is None else int(ended[number])) < bucket
        ]
        return cls(len(known), sum(bool(one.came) for one in known))

    def says(self) -> str:
        """As a sentence."""
        if not self.warnings:
            return "There was no such warning before."
        if self.warnings == 1:
            return "The one such warning before " + ("came true." if self.came else "did not come true.")
        return f"Of {self.warnings} such warnings before, {self.came} came true."
