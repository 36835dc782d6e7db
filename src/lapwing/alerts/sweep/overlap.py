"""What slices have in common: how much of one belongs to another, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.history import Slice

Together = Callable[[Slice, int], float]
"""Of the slice that two slices have in common, and a row that is the one, the share of that row."""


class Overlap:
    """Of S slices, of which row `whole` is what all are slices of."""

    def __init__(self, slices: Sequence[Slice], whole: int) -> None:
        self._slices = [frozenset(one) for one in slices]
        self._rows = {one: row for row, one in enumerate(self._slices)}
        self._whole = whole
        names = sorted({name for one in slices for name, _ in one})
        codes: dict[object, int] = {}
        self._values = np.full((len(slices), len(names)), -1, np.int64)
        for row, one in enumerate(slices):
            for name, value in one:
                self._values[row, names.index(name)] = codes.setdefault((name, value), len(codes))

    def common(self, one: int, size: Floats, there: Bools, ask: Bools, together: Together) -> Floats:
        """Of each series (S,) the share that belongs to series `one`: by how large (`size`) that is which they have in common,
        where it is `there` among the series; else as if dimensions were independent, or as `together` tells of those in
        `ask`."""
        mine = self._values[one]
        free = (mine < 0) | (self._values < 0)
        same = self._values == mine
        apart = ~(free | same).all(1)
        inside = ((mine < 0) | same).all(1)
        around = ((self._values < 0) | same).all(1)
        out = np.zeros(len(self._slices))
        out[inside] = 1.0
        above = around & ~inside
        out[above] = _share(size[one], size[above])
        out[~(inside | around | apart)] = _share(size[one], size[[self._whole]])[0]
        for row in np.flatnonzero(~(inside | around | apart)):
            both = self._slices[one] | self._slices[row]
            known = self._rows.get(both)
            if known is not None and there[known]:
                out[row] = _share(size[known], size[[row]])[0]
            elif ask[row]:
                out[row] = together(tuple(sorted(both, key=str)), int(row))
        return out

    def inside(self, row: int) -> npt.NDArray[np.intp]:
        """A series and all that are parts of it."""
        mine = self._values[row]
        found: npt.NDArray[np.intp] = np.flatnonzero(((mine < 0) | (self._values == mine)).all(1))
        return found

    def nested(self, row: int) -> Bools:
        """(S,): itself, all that are parts of it, and all that it is a part of."""
        mine = self._values[row]
        same = self._values == mine
        out: Bools = ((mine < 0) | same).all(1) | ((self._values < 0) | same).all(1)
        return out


def _share(part: float | np.floating, wholes: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        out: Floats = np.clip(np.nan_to_num(part / wholes, posinf=0.0, neginf=0.0), 0.0, 1.0)
    return out
