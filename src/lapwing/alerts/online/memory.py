"""What the online model remembers of its series: plain arrays, kept as bytes and taken back bit for bit."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats


@dataclass(slots=True, eq=False, kw_only=True)
class Memory:
    """Of S series, P profiles with N slots, and E effects; all sums are discounted.

    - `sums` (3, P, N, S): amounts, exposures, visits by profile and slot; `seen` (N, S): visits of the finest slots.
    - `last` (N, S): the score of each finest slot's last visit.
    - `error` (P + 1, S): each profile's mean squared error, the last one's that of the parent's pattern; `errors` (S): how
      many they are of.
    - `share` (2, S): amounts, and what the parent's pattern made of its exposures.
    - `recent` (2, S): actual and expected amounts (LEVEL: residuals and visits).
    - `lasting` (2, S): the same of a longer past.
    - `square` (2, S): squared clipped residuals, up and down, twice; `judged` (S): of how many.
    - `sizes` (4, S): means of what the spread is of (a discounted sum of `judged` of them), and what tells how the spread
      grows with the mean: sums of squared deviations of the mean from its own mean, and of their products with squared
      clipped scores; and of the latter by themselves.
    - `first` (F, S): the first residuals' sizes; `first_count` (S).
    - `clock` (2, S): since the last change of clocks, squares of how far both readings are apart, and their products with what
      was seen, in spreads.
    - `effects` (4, E, S): amounts, expected amounts without the effect, buckets, and scores without the effect.
    """

    sums: Floats
    seen: Floats
    last: Floats
    error: Floats
    errors: Floats
    share: Floats
    recent: Floats
    lasting: Floats
    square: Floats
    judged: Floats
    sizes: Floats
    first: Floats
    first_count: npt.NDArray[np.int64]
    clock: Floats
    effects: Floats

    @staticmethod
    def blank(series: int, profiles: int, slots: int, effects: int = 0, first: int = 14) -> Memory:
        """Of nothing yet."""
        return Memory(
            sums=np.zeros((3, profiles, slots, series)),
            seen=np.zeros((slots, series)),
            last=np.zeros((slots, series)),
            error=np.zeros((profiles + 1, series)),
            errors=np.zeros(series),
            share=np.zeros((2, series)),
            recent=np.zeros((2, series)),
            lasting=np.zeros((2, series)),
            square=np.zeros((2, series)),
            judged=np.zeros(series),
            sizes=np.zeros((4, series)),
            first=np.full((first, series), np.nan),
            first_count=np.zeros(series, np.int64),
            clock=np.zeros((2, series)),
            effects=np.zeros((4, effects, series)),
        )

    @property
    def series(self) -> int:
        return len(self.judged)

    @property
    def room(self) -> int:
        """How many bytes it takes."""
        return sum(getattr(self, each.name).nbytes for each in fields(self))

    def copy(self) -> Memory:
        """One that does not change when this one learns."""
        return replace(self, **{each.name: getattr(self, each.name).copy() for each in fields(self)})

    def pack(self) -> bytes:
        """The arrays as bytes."""
        out = io.BytesIO()
        np.savez(out, allow_pickle=False, **{each.name: getattr(self, each.name) for each in fields(self)})
        return out.getvalue()

    @staticmethod
    def unpack(data: bytes) -> Memory:
        """What `pack` kept.

        Raises:
            ValueError: it is something else.
        """
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            try:
                return Memory(**{each.name: kept[each.name] for each in fields(Memory)})
            except KeyError as error:
                raise ValueError(f"no memory of the online model: {error}") from error

    def grown(self, *, series: npt.NDArray[np.intp], slots: int, effects: int) -> Memory:
        """The same for series in another order, with new ones (-1) that begin with nothing, and room for at least so many
        slots and effects; what is remembered stays, though the data should no longer reach to it."""
        slots, effects = max(slots, self.sums.shape[2]), max(effects, self.effects.shape[1])
        wider = Memory.blank(len(series), self.sums.shape[1], slots, effects, len(self.first))
        known = series >= 0
        for each in fields(self):
            old, new = getattr(self, each.name), getattr(wider, each.name)
            part = old[..., series[known]]
            place = tuple(slice(size) for size in part.shape[:-1])
            new[(*place, known)] = part
        return wider
