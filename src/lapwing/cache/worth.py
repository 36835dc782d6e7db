"""What to let go of when room is short: GreedyDual-Size-Frequency (Cherkasova, 1998).

A thing is worth what it saves times how often it was used, for each byte of it. What was let go of last sets the clock from
which newer worths count, so that what is no longer used ages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(slots=True)
class _Held:
    size: int
    rate: float
    uses: int
    worth: float


class Worths:
    """Things by their id, of up to `budget` bytes together. Not safe to use from several threads."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._held: dict[bytes, _Held] = {}
        self._clock = 0.0

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(one.size for one in self._held.values())

    def add(self, token: bytes, size: int, saves: float) -> None:
        """Something of `size` bytes that saves `saves` milliseconds with each use; held already, it has got another size."""
        uses = self._held[token].uses if token in self._held else 1
        rate = saves / max(size, 1)
        self._held[token] = _Held(size, rate, uses, self._clock + uses * rate)

    def use(self, token: bytes) -> None:
        """It was used."""
        one = self._held.get(token)
        if one is not None:
            one.uses += 1
            one.worth = self._clock + one.uses * one.rate

    def drop(self, token: bytes) -> None:
        """It is gone."""
        self._held.pop(token, None)

    def excess(self) -> Iterator[bytes]:
        """Lets go of what is worth the least until the rest has room."""
        while self._held and self.size > self._budget:
            token = min(self._held, key=lambda one: self._held[one].worth)
            self._clock = self._held.pop(token).worth
            yield token
