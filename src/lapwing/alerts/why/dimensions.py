"""What a dataset can be split by: dimensions of a bearable size that rollups hold together, and which only rename another."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from lapwing.alerts.history import Value
from lapwing.alerts.why.stretches import Stretch
from lapwing.model.calendar import utc_iso
from lapwing.model.dataset import Dataset
from lapwing.query.ask import MetricQuery

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

LOOK = 28 * 86_400_000_000
"""Over how long a time (microseconds) dimensions are compared to see whether one renames another."""
MOST_VALUES = 500
"""A dimension with more values than this is no use as a cause, and costly to ask."""


@dataclass(frozen=True, slots=True)
class Splits:
    """`counts`: how many values each dimension has; `twins`: (code, name) -> what each code is called."""

    counts: Mapping[str, int]
    twins: Mapping[tuple[str, str], Mapping[Value, Value]]

    def label(self, dimension: str, value: Value) -> str | None:
        """What a code is called; None where it has no other name."""
        for (code, _), names in self.twins.items():
            if code == dimension and value in names:
                return str(names[value])
        return None

    def title(self, dataset: Dataset, dimension: str) -> str:
        """What a dimension is called: of a code, what its names are."""
        name = next((name for code, name in self.twins if code == dimension), dimension)
        return dataset.dimensions[name].shown.label

    def usable(self, dataset: Dataset, fixed: Sequence[str], by: Sequence[str] | None) -> list[tuple[str, ...]]:
        """Sets of dimensions to be looked at together, the largest first: those of rollups, each without those in others;
        all of them where there is no rollup. `by` is taken as it is."""
        if by is not None:
            return [tuple(by)]
        renaming = {name for code, name in self.twins if code not in fixed}
        good = [
            name
            for name in dataset.dimensions
            if name not in fixed and name not in renaming and 1 < self.counts.get(name, 0) <= MOST_VALUES
        ]
        sets = [tuple(name for name in good if name in rollup.dimensions) for rollup in dataset.rollups.values()]
        sets = sorted({one for one in sets if one} or {tuple(good)}, key=lambda one: (-len(one), one))
        return [one for one in sets if one and not any(set(one) < set(other) for other in sets)]


class Dimensions:
    """Learns the splits of datasets, once. Safe to use from several threads."""

    def __init__(self, lapwing: Lapwing) -> None:
        self._lapwing = lapwing
        self._known: dict[str, Splits] = {}
        self._lock = threading.Lock()

    def of(self, dataset: Dataset, measure: str, around: Stretch) -> Splits:
        """Looked for in the weeks before the end of a stretch; names are then read from all of the data."""
        with self._lock:
            known = self._known.get(dataset.name)
        if known is None:
            known = self._look(dataset, measure, (min(around[0], around[1] - LOOK), around[1]))
            with self._lock:
                self._known[dataset.name] = known
        return known

    def _look(self, dataset: Dataset, measure: str, stretch: Stretch) -> Splits:
        values = {name: self._values(dataset, measure, (name,), stretch) for name in dataset.dimensions}
        named = {
            name: [value for (value,) in of]
            for name, of in values.items()
            if len(of) > 2 and all(isinstance(value, str | None) for (value,) in of)
        }
        twins: dict[tuple[str, str], Mapping[Value, Value]] = {}
        for one, other in combinations(named, 2):
            taken = {name for _, name in twins}
            if one in taken or other in taken or abs(len(named[one]) - len(named[other])) > 0.1 * len(named[one]):
                continue
            together = self._values(dataset, measure, (one, other), stretch)
            if len(together) != max(len(named[one]), len(named[other])):
                continue
            code, name = sorted((one, other), key=lambda each: sum(len(str(value)) for value in named[each]))
            pairs = self._values(dataset, measure, (code, name), None)
            twins[code, name] = {a: b for a, b in pairs if b is not None}
        return Splits({name: len(of) for name, of in values.items()}, twins)

    def _values(
        self, dataset: Dataset, measure: str, by: tuple[str, ...], stretch: Stretch | None
    ) -> list[tuple[Value, ...]]:
        """Which values occur together."""
        query = MetricQuery(
            metrics=(f"{dataset.name}.{measure}",),
            by=by,
            start=None if stretch is None else utc_iso(stretch[0]),
            end=None if stretch is None else utc_iso(stretch[1]),
        )
        table = self._lapwing.answer(query).table
        return list(zip(*(table.column(i).to_pylist() for i in range(len(by))), strict=True))
