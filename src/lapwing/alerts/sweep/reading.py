"""All slices of a combination of dimensions, read a stretch of time after the other, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.alerts.chance import Floats
from lapwing.alerts.history import Slice, Value, condition, firm_until, floats
from lapwing.alerts.measured import Measured
from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.model.calendar import utc_iso
from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

Key = tuple[Value, ...]
Columns = list[pa.ChunkedArray]
"""The values of slices, one column for each of their dimensions."""

MOST_ROWS = 4_000_000
"""Rows of one answer..."""
MOST_CELLS = 40_000_000
"""...and cells of all that is screened at once."""
MOST_NAMED = 50
"""Slices that are asked for by name: of more, all of their combination are read."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Slices over a stretch of time, (S, T) each: `exposure` and `counts` where they are known."""

    amount: Floats
    exposure: Floats | None
    counts: Floats | None

    def part(self, first: int, last: int) -> Panel:
        """Over a part of the time."""
        part = np.s_[:, first:last]
        exposure, counts = (None if one is None else one[part] for one in (self.exposure, self.counts))
        return Panel(self.amount[part], exposure, counts)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Slices as they were read: their values, and what they came to."""

    columns: Columns
    panel: Panel

    def part(self, first: int, last: int) -> Rows:
        """Over a part of the time."""
        return Rows(self.columns, self.panel.part(first, last))

    @property
    def total(self) -> Floats:
        """What supports each slice over all of it (of what is not counted, the size of its amounts)."""
        panel = self.panel
        total: Floats = np.abs(np.nan_to_num(panel.amount if panel.counts is None else panel.counts)).sum(axis=1)
        return total

    @property
    def keys(self) -> list[Key]:
        return list(zip(*(column.to_pylist() for column in self.columns), strict=True))


Read = tuple[int, int, Rows]
"""All slices of a combination from one bucket to another."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reader:
    """`borders` (T + 1) are those of all buckets, UTC microseconds; `counted` is the measure that supports slices. `blank`:
    amount and exposure of one that does not occur in a bucket, None where that depends on others (see `Asking.blank`).
    `firm`: of each answer the first moment that not rollups alone answered."""

    lapwing: Lapwing
    plan: Measured
    counted: str | None
    within: Slice
    grain: Grain
    zone: str
    borders: npt.NDArray[np.int64]
    blank: tuple[float, float] | None = None
    firm: list[int] = field(default_factory=list)

    def totals(self, by: Cuboid, first: int, last: int) -> tuple[Columns, Floats]:
        """All slices that have rows in a stretch of time, and what supports each over all of it (of what is not counted, the
        size of their amounts)."""
        name = self.counted or self.plan.amount
        table = self._table((name,), by, None, first, last)
        return _columns(table, len(by)), np.abs(np.nan_to_num(floats(table.column(len(by)))))

    def step(self, groups: int, series: int = 0) -> int:
        """How many buckets are read at once, of so many slices that there are, for so many series to be kept."""
        return max(1, min(MOST_ROWS // max(groups, 1), MOST_CELLS // max(series, 1)))

    def rows(self, by: Cuboid, first: int, last: int, only: Sequence[Key] | None = None) -> Rows:
        """The slices that have rows in a stretch of time, or `only` some of them."""
        metrics = tuple(dict.fromkeys((*self.plan.asked, *([self.counted] if self.counted else []))))
        within = condition(self.within) if only is None else _any_of(self.within, by, only)
        table = self._table(metrics, by, self.grain, first, last, within)
        buckets = max(last - first, 1)
        # The front door gives every group every bucket, in order: the columns are matrices laid out row by row.
        groups = table.take(np.arange(0, table.num_rows, buckets))
        arrays = [floats(table.column(len(by) + 1 + i)).reshape(groups.num_rows, buckets) for i in range(len(metrics))]
        of = dict(zip(metrics, arrays, strict=True))
        return Rows(
            _columns(groups, len(by)),
            Panel(
                of[self.plan.amount],
                None if self.plan.exposure is None else of[self.plan.exposure],
                None if self.counted is None else of[self.counted],
            ),
        )

    def rows_of(self, by: Cuboid, keys: Sequence[Key], first: int, last: int, *, groups: int) -> Rows:
        """Some slices, of so many that there are, and perhaps others."""
        few = len(keys) <= MOST_NAMED and len(keys) < groups
        return self.rows(by, first, last, keys if few else None)

    def laid(self, rows: Rows, keys: Sequence[Key]) -> Panel:
        """Some slices, in order, of those that were read. Of who does not occur nothing happened."""
        places = {key: place for place, key in enumerate(keys)}
        place = np.array([places.get(key, -1) for key in rows.keys], np.intp)
        here = place >= 0

        def laid(array: Floats, blank: float) -> Floats:
            out = np.full((len(keys), array.shape[1]), blank)
            out[place[here]] = array[here]
            return out

        panel, blank = rows.panel, self.blank or (0.0, 0.0)
        return Panel(
            laid(panel.amount, blank[0]),
            None if panel.exposure is None else laid(panel.exposure, blank[1]),
            None if panel.counts is None else laid(panel.counts, 0.0),
        )

    def counts(self, within: Slice) -> Floats:
        """What supports one slice, by bucket (T,)."""
        name = self.counted or self.plan.amount
        one = replace(self, within=within)
        column = floats(one._table((name,), (), self.grain, 0, len(self.borders) - 1).column(1))
        found: Floats = np.abs(np.nan_to_num(column))
        return found if len(found) else np.zeros(len(self.borders) - 1)

    def _table(
        self,
        metrics: tuple[str, ...],
        by: Cuboid,
        grain: Grain | None,
        first: int,
        last: int,
        within: str | None = None,
    ) -> pa.Table:
        query = MetricQuery(
            metrics=metrics,
            by=by,
            grain=grain,
            start=utc_iso(int(self.borders[first])),
            end=utc_iso(int(self.borders[last])),
            zone=self.zone,
            where=within or condition(self.within),
        )
        answer = self.lapwing.answer(query)
        self.firm.append(firm_until(answer.receipt))
        return answer.table


def slice_of(by: Cuboid, key: Key, within: Slice) -> Slice:
    """A slice by its dimensions' names."""
    return (*within, *zip(by, key, strict=True))


def _columns(table: pa.Table, dimensions: int) -> Columns:
    return [table.column(number) for number in range(dimensions)]


def _any_of(within: Slice, by: Cuboid, keys: Sequence[Key]) -> str:
    """The SQL condition that keeps some slices."""
    one = " or ".join(f"({condition(slice_of(by, key, ()))})" for key in keys)
    fixed = condition(within)
    return f"({one})" if fixed is None else f"{fixed} and ({one})"
