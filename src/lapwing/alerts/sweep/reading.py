"""All slices of a combination of dimensions, read a stretch of time after the other, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.alerts.chance import Floats
from lapwing.alerts.history import Slice, Value, condition, floats
from lapwing.alerts.measured import Measured
from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.model.calendar import utc_iso
from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

Key = tuple[Value, ...]
Rows = Mapping[Key, int]

MOST_ROWS = 4_000_000
"""Rows of one answer..."""
MOST_CELLS = 40_000_000
"""...and cells of all that is screened at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Slices over a stretch of time, (S, T) each: `exposure` and `counts` where they are known."""

    amount: Floats
    exposure: Floats | None
    counts: Floats | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reader:
    """`borders` (T + 1) are those of all buckets, UTC microseconds; `counted` is the measure that supports slices."""

    lapwing: Lapwing
    plan: Measured
    counted: str | None
    within: Slice
    grain: Grain
    zone: str
    borders: npt.NDArray[np.int64]

    def totals(self, by: Cuboid) -> tuple[list[Key], Floats]:
        """All slices, and what supports each over all of the time (of what is not counted, the size of their amounts)."""
        name = self.counted or self.plan.amount
        table = self._table((name,), by, None, 0, len(self.borders) - 1)
        return _keys(table, len(by)), np.abs(np.nan_to_num(floats(table.column(len(by)))))

    def stretches(self, groups: int, series: int = 0) -> Iterator[tuple[int, int]]:
        """Buckets [first, last) to be read at once, of so many slices that there are, for so many series to be kept."""
        step = max(1, min(MOST_ROWS // max(groups, 1), MOST_CELLS // max(series, 1)))
        buckets = len(self.borders) - 1
        return ((first, min(first + step, buckets)) for first in range(0, buckets, step))

    def panel(self, by: Cuboid, rows: Rows, first: int, last: int) -> Panel:
        """The slices that have a row, over a stretch of time."""
        metrics = tuple(dict.fromkeys((*self.plan.asked, *([self.counted] if self.counted else []))))
        table = self._table(metrics, by, self.grain, first, last)
        arrays = self._laid(table, len(by), last - first, rows, len(metrics))
        of = dict(zip(metrics, arrays, strict=True))
        exposure = None if self.plan.exposure is None else of[self.plan.exposure]
        return Panel(of[self.plan.amount], exposure, None if self.counted is None else of[self.counted])

    def counts(self, within: Slice) -> Floats:
        """What supports one slice, by bucket (T,)."""
        name = self.counted or self.plan.amount
        one = replace(self, within=within)
        column = floats(one._table((name,), (), self.grain, 0, len(self.borders) - 1).column(1))
        found: Floats = np.abs(np.nan_to_num(column))
        return found if len(found) else np.zeros(len(self.borders) - 1)

    def _table(self, metrics: tuple[str, ...], by: Cuboid, grain: Grain | None, first: int, last: int) -> pa.Table:
        query = MetricQuery(
            metrics=metrics,
            by=by,
            grain=grain,
            start=utc_iso(int(self.borders[first])),
            end=utc_iso(int(self.borders[last])),
            zone=self.zone,
            where=condition(self.within),
        )
        return self.lapwing.answer(query).table

    def _laid(self, table: pa.Table, dimensions: int, buckets: int, rows: Rows, metrics: int) -> list[Floats]:
        """Matrices (S, T) of those that have a row. Of who does not occur nothing happened: 0."""
        groups = table.num_rows // max(buckets, 1)
        keys = _keys(table.take(np.arange(0, table.num_rows, max(buckets, 1))), dimensions)
        place = np.array([rows.get(key, -1) for key in keys], np.intp)
        here = place >= 0
        out = []
        for number in range(metrics):
            matrix = np.zeros((len(rows), buckets))
            column = floats(table.column(dimensions + 1 + number)).reshape(groups, buckets)
            matrix[place[here]] = column[here]
            out.append(matrix)
        return out


def slice_of(by: Cuboid, key: Key, within: Slice) -> Slice:
    """A slice by its dimensions' names."""
    return (*within, *zip(by, key, strict=True))


def _keys(table: pa.Table, dimensions: int) -> list[Key]:
    columns: Sequence[list[Value]] = [table.column(number).to_pylist() for number in range(dimensions)]
    return list(zip(*columns, strict=True))
