"""How much evidence a bucket needs to open an incident: the monitor's sensitivity, what people said of its incidents, and
the budget of false alarms.

The votes' factor is on whichever of the other two is higher; below one it is on the sensitivity only, so that nothing
breaks the budget. All are causal: what a bucket needs follows from what was known before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from lapwing.alerts.budget import Candidates, candidates, held
from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.votes import Moments, Vote, found_useful, strictness
from lapwing.model.calendar import DAY

Needed = Callable[[int, int], Floats]
"""Of a series (its row) in a direction, by bucket."""
Shares = tuple[tuple[int, float], ...]
"""Alarms a week that a monitor may raise, each from a moment on (UTC microseconds); the first also before it."""
WEEK = 7 * DAY
OPENS = 1.0
"""What has built up opens an incident only in a bucket whose own score is beyond this."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Of all series (S, T): signed evidence, buckets' own scores, differences to what was expected, and the smallest worth
    telling."""

    evidence: Floats
    own: Floats
    difference: Floats
    minimum: Floats


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens an incident where nothing else is known: evidence beyond `sensitivity` in one of the `directions`. `rejoin`:
    buckets within which the next is the same one. `young`: as many judged buckets are too few to count by."""

    sensitivity: float
    directions: tuple[int, ...]
    rejoin: int
    young: int = 0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bar:
    """`series` are the keys of rows, of which `parts` (S,) are slices of others; buckets are known at `known` (T,), and lie
    between `borders` (T + 1,), in UTC microseconds. No `shares`: no budget."""

    series: tuple[str, ...]
    parts: Bools
    borders: Moments
    known: Moments
    votes: tuple[Vote, ...] = ()
    shares: Shares = ()

    def needed(self, found: Evidence | None, opening: Opening) -> Needed:
        """What each bucket needs. `found` may be None where there is no budget."""
        floor = self._floor(found, opening)
        directions, sensitivity = opening.directions, opening.sensitivity
        voted = {vote.key[0] for vote in self.votes}
        others = {direction: strictness(self.votes, "", direction, self.known) for direction in directions}

        def of(row: int, direction: int) -> Floats:
            key = self.series[row]
            factor = strictness(self.votes, key, direction, self.known) if key in voted else others[direction]
            needs = sensitivity * factor
            return needs if floor is None else np.maximum(needs, floor * np.maximum(factor, 1.0))

        return of

    def _floor(self, found: Evidence | None, opening: Opening) -> Floats | None:
        """What the budget asks for."""
        if not self.shares or found is None:
            return None
        seen: list[Candidates] = []
        # While a series is young, its evidence is not calibrated yet: that says nothing of what comes later.
        settled = np.cumsum(np.isfinite(found.own), axis=1) > opening.young
        for direction in opening.directions:
            large = settled & (found.own * direction >= OPENS) & (found.difference * direction >= found.minimum)
            words = self.words(direction)
            seen.append(candidates(found.evidence * direction, large, self.parts, opening.rejoin, words))
        return self.floor(seen, opening.rejoin)

    def floor(self, seen: list[Candidates], rejoin: int) -> Floats:
        """What the budget asks for, by what would have been raised in each direction if the least were asked for."""
        moments = np.array([at for at, _ in self.shares])
        place = np.maximum(np.searchsorted(moments, self.known, side="left") - 1, 0)
        allowed = np.array([share for _, share in self.shares])[place]
        return held(seen, np.diff(self.borders) / WEEK, allowed, rejoin)

    def words(self, direction: int) -> tuple[tuple[int, int, int, int], ...]:
        """What people said of alarms in a direction, as in `Candidates`."""
        return tuple(self._words(direction))

    def _words(self, direction: int) -> Iterator[tuple[int, int, int, int]]:
        rows = {key: row for row, key in enumerate(self.series)}
        for (series, of, opened), moment, useful in found_useful(self.votes):
            said = int(np.searchsorted(self.known, moment, side="right"))
            if of == direction and series in rows and 0 < said < len(self.known):
                bucket = int(np.searchsorted(self.borders[:-1], opened, side="right")) - 1
                yield rows[series], bucket, said, -1 if useful else 1
