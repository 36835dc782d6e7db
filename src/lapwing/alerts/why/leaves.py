"""All combinations of dimension values over stretches of time, asked of the front door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.alerts.history import Value, floats
from lapwing.alerts.slicing.leaves import History
from lapwing.alerts.why.pair import Pair, total
from lapwing.alerts.why.stretches import Stretch
from lapwing.model.calendar import utc_iso
from lapwing.query.ask import MetricQuery

if TYPE_CHECKING:
    import pyarrow as pa

    from lapwing.query.service import Lapwing

Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What all questions about one change share: the metric as a pair, of a dataset, within a condition."""

    lapwing: Lapwing
    dataset: str
    pair: Pair
    zone: str
    where: str | None

    def table(self, by: Sequence[str], stretch: Stretch, measures: Sequence[str] | None = None) -> pa.Table:
        """Sums of measures over one stretch, by dimensions."""
        names = self.pair.measures if measures is None else measures
        query = MetricQuery(
            metrics=tuple(f"{self.dataset}.{name}" for name in names),
            by=tuple(by),
            start=utc_iso(stretch[0]),
            end=utc_iso(stretch[1]),
            zone=self.zone,
            where=self.where,
        )
        return self.lapwing.answer(query).table

    def sums(self, stretch: Stretch, measures: Sequence[str]) -> dict[str, float]:
        """Sums of measures over one stretch; nothing is 0."""
        table = self.table((), stretch, measures)
        columns = (np.nan_to_num(floats(table.column(i))) for i in range(len(measures)))
        return {name: float(column.sum()) for name, column in zip(measures, columns, strict=True)}


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """Leaves over stretches, of which the last is explained. `exposure`: (leaves, stretches), of an amount whose rows are
    counted; of a ratio its weights, which `history` has as well."""

    history: History
    exposure: Floats | None


def gather(asked: Questions, by: Sequence[str], stretches: Sequence[Stretch]) -> Leaves:
    """One question for each stretch. Amounts of stretches of another length than the last are scaled to its length."""
    tables = [asked.table(by, stretch) for stretch in stretches]
    counts = [table.num_rows for table in tables]
    codes, values = _coded(tables, len(by))
    _, first, leaf = np.unique(codes, axis=1, return_index=True, return_inverse=True)
    leaf = leaf.reshape(-1)
    moment = np.repeat(np.arange(len(tables)), counts)
    length = np.array([end - start for start, end in stretches], np.float64)
    scale = length[-1] / length
    measured = {}
    for i, name in enumerate(asked.pair.measures):
        column = np.concatenate([np.nan_to_num(floats(table.column(len(by) + i))) for table in tables])
        place = leaf * len(tables) + moment
        cells = np.bincount(place, column, minlength=len(first) * len(tables)).reshape(len(first), len(tables))
        measured[name] = cells * scale
    pair = asked.pair
    amounts = total(pair.amount, measured)
    weights = None if pair.weight is None else total(pair.weight, measured)
    exposure = weights if pair.exposure is None else total(pair.exposure, measured)
    moments = tuple(utc_iso(start) for start, _ in stretches)
    return Leaves(History(tuple(by), values, codes[:, first], moments, amounts, weights), exposure)


def _coded(tables: Sequence[pa.Table], dimensions: int) -> tuple[Ints, tuple[tuple[Value, ...], ...]]:
    """Of all rows of all tables, (dimensions, rows): the place of each value, and the values, in order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes, values = [], []
    for i in range(dimensions):
        column = pa.chunked_array([chunk for table in tables for chunk in table.column(i).chunks])
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        order = np.asarray(pc.sort_indices(encoded.dictionary), np.int64)
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        codes.append(place[encoded.indices.to_numpy(zero_copy_only=False)])
        values.append(tuple(encoded.dictionary.take(pa.array(order)).to_pylist()))
    return np.array(codes, np.int64).reshape(dimensions, -1), tuple(values)
