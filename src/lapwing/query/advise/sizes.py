"""How large a rollup would be: its cells and keys are counted at the source, in a part of the time where there is much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lapwing.cache.lattice import Dimensions, View
from lapwing.cache.state_sql import Buckets, state_sql
from lapwing.model.calendar import DAY
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService

_SAMPLE: Final = 28 * DAY
_MONTH: Final = 30 * DAY


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts in `[start, end)` of the dataset's `span`; `says` how."""

    bound: BoundDataset
    start: int
    end: int
    span: tuple[int, int]
    says: str

    @classmethod
    def of(cls, bound: BoundDataset, span: tuple[int, int]) -> Sizes:
        """The last 28 days, where there are more than twice as many."""
        start, end = span
        if end - start <= 2 * _SAMPLE:
            return cls(bound, start, end, span, "counted over all the data")
        days = (end - start) // DAY
        return cls(bound, end - _SAMPLE, end, span, f"counted over the last {_SAMPLE // DAY} of {days:,} days")

    def view(self, sql: SqlService, dimensions: Dimensions, step: int, time_limit: float) -> View:
        """A rollup of these dimensions with buckets of `step` microseconds.

        Raises:
            SourceError, TimeLimit: the source does not answer (in time).
        """
        by = sorted(dimensions)
        cells = self._count(sql, by, Buckets(self.start, self.end, step), time_limit)
        groups = self._count(sql, by, Buckets(self.start, self.end, self.end - self.start), time_limit)
        share = (self.span[1] - self.span[0]) / (self.end - self.start)
        partitions = max(1, round((self.span[1] - self.span[0]) / _MONTH))
        return View(dimensions, step, groups * partitions, max(round(cells * share), groups))

    def _count(self, sql: SqlService, by: list[str], buckets: Buckets, time_limit: float) -> int:
        text = f"SELECT count(*) AS n FROM ({state_sql(self.bound, {}, by, buckets)}) AS cells"
        counted: int = sql.table(text, time_limit=time_limit).column("n")[0].as_py()
        return counted
