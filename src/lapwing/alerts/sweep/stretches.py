"""What all slices came to, a stretch of time after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats
from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.alerts.sweep.digest import digest
from lapwing.alerts.sweep.reading import Panel, Read, Reader, Rows
from lapwing.alerts.sweep.remembered import State
from lapwing.alerts.sweep.setting import Setting
from lapwing.alerts.sweep.values import Ints


@dataclass(slots=True, kw_only=True, eq=False)
class Stretches:
    """`whole`: the one series that all are slices of. `known`: by combination, the stretch that was read last, `coded` the
    numbers of its slices; `most`: of how many slices the largest is."""

    reader: Reader
    whole: Panel
    setting: Setting
    state: State
    known: dict[Cuboid, Read] = field(default_factory=dict)
    coded: dict[Cuboid, Ints] = field(default_factory=dict)
    most: int = 0

    def of(self, state: State) -> Stretches:
        """The same, with other numbers for its slices."""
        return replace(self, state=state, coded={})

    @property
    def step(self) -> int:
        """Buckets that are read at once."""
        levels = self.state.levels
        groups = max(self.most, *(level.groups for level in levels))
        return self.reader.step(groups, sum(level.series for level in levels))

    def cut(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """In pieces that are read at once."""
        step = self.step
        return ((at, min(at + step, last)) for at in range(first, last, step))

    def rows(self, cuboid: Cuboid, first: int, last: int) -> Rows:
        """What all slices of a combination came to; what comes next is read with it."""
        known = self.known.get(cuboid)
        if known is None or not known[0] <= first <= last <= known[1]:
            end = min(max(first + self.step, last), self.setting.complete)
            known = self.known[cuboid] = (first, end, self.reader.rows(cuboid, first, end))
            self.coded.pop(cuboid, None)
        return known[2].part(first - known[0], last - known[0])

    def codes(self, cuboid: Cuboid, rows: Rows) -> Ints:
        """The numbers of the slices of rows that were read last."""
        if cuboid not in self.coded:
            self.coded[cuboid] = self.state.values.codes(cuboid, rows.columns)
        return self.coded[cuboid]

    @property
    def blank(self) -> tuple[float, float]:
        """Amount and exposure of who does not occur."""
        return self.reader.blank or (0.0, 0.0)

    def support(self, panel: Panel, first: int, last: int) -> Floats:
        """What supports slices, by bucket: events, or (of what is not counted) their share of the whole."""
        if panel.counts is not None:
            return panel.counts
        with np.errstate(divide="ignore", invalid="ignore"):
            share: Floats = np.nan_to_num(np.abs(panel.amount) / np.abs(self.whole.amount[:, first:last]), posinf=0.0)
        return share

    def digests(self, first: int, last: int) -> npt.NDArray[np.uint64]:
        """Of all that there is to read in each bucket of a stretch."""
        out = digest(np.zeros(1, np.int64), self.whole.part(first, last), (0.0, 1.0))
        for level in self.state.levels[1:]:
            for number, cuboid in enumerate(level.slices, 1):
                rows = self.rows(cuboid, first, last)
                codes = self.codes(cuboid, rows)
                out += digest(codes, rows.panel, self.blank) * np.uint64(2 * number + 1)
        return out
