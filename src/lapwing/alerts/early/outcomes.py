"""How warnings went: what a new one says of those before it, kept when the history they came of is gone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from lapwing.alerts.early.warned import Warned
from lapwing.alerts.early.words import left
from lapwing.alerts.history import Slice, series_key


@dataclass(frozen=True, slots=True, order=True)
class Outcome:
    """Of a warning that `opened` with a bucket (its start): whether what it warned of `came`, since when that is `known`, and
    how long after the warning it came (`lead`; None where it comes at no moment of its own). UTC microseconds."""

    series: str
    direction: int
    opened: int
    came: bool
    known: int
    lead: int | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """Outcomes as they were kept, and the definition of what was watched then."""

    definition: str = ""
    outcomes: tuple[Outcome, ...] = ()

    def before(self, definition: str, since: int) -> tuple[Outcome, ...]:
        """Those of warnings from before `since` (UTC microseconds), from which on the data tells by itself; none where
        something else was watched."""
        return tuple(one for one in self.outcomes if one.opened < since) if definition == self.definition else ()

    def pack(self) -> bytes:
        """As JSON."""
        return json.dumps({"definition": self.definition, "outcomes": [astuple(one) for one in self.outcomes]}).encode()

    @staticmethod
    def unpack(data: bytes | None) -> Remembered:
        """What `pack` kept; nothing, where that can't be read."""
        try:
            kept = json.loads(data or b"")
            return Remembered(kept["definition"], tuple(Outcome(*one) for one in kept["outcomes"]))
        except (ValueError, KeyError, TypeError):
            return NOTHING


NOTHING = Remembered()


def outcomes(
    warned: Sequence[Warned],
    ended: npt.NDArray[np.int64],
    borders: npt.NDArray[np.int64],
    complete_after: int,
    slices: Sequence[Slice],
) -> tuple[Outcome, ...]:
    """Of those whose end is known, in the bucket `ended` (one for each) says; of buckets between `borders`, each known so long
    after its end."""
    return tuple(
        Outcome(
            series=series_key(slices[one.row]),
            direction=one.direction,
            opened=int(borders[one.opened]),
            came=one.came,
            known=int(borders[at + 1]) + complete_after,
            lead=None
            if one.due is None
            else int(borders[min(one.due, len(borders) - 2) + 1] - borders[one.opened + 1]),
        )
        for one, at in zip(warned, ended.tolist(), strict=True)
        if one.came is not None
    )


def since(borders: npt.NDArray[np.int64], judged: npt.NDArray[np.bool_]) -> int:
    """The start of the first bucket (T,) that was `judged`; after all of time where none was."""
    at = np.flatnonzero(judged)
    return int(borders[at[0]]) if len(at) else 1 << 62


@dataclass(frozen=True, slots=True)
class Hits:
    """Of earlier warnings whose end is known: how many there were, of how many what they warned of came, and how long after
    them (the median, in microseconds)."""

    warnings: int
    came: int
    lead: int | None = None

    @classmethod
    def of(cls, found: Iterable[Outcome], moment: int) -> Hits:
        """As people knew it at a moment (UTC microseconds)."""
        known = [one for one in found if one.known <= moment]
        leads = [one.lead for one in known if one.came and one.lead is not None]
        return cls(len(known), sum(one.came for one in known), round(median(leads)) if leads else None)

    def says(self) -> str:
        """As a sentence."""
        if not self.warnings:
            return "There was no such warning before."
        after = f", {left(self.lead)} later" if self.lead else ""
        if self.warnings == 1:
            return "The one such warning before " + (f"came true{after}." if self.came else "did not come true.")
        usually = after.replace(", ", ", usually ") if self.came > 1 else after
        return f"Of {self.warnings} such warnings before, {self.came} came true{usually}."
