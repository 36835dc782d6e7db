"""What was measured, as arrays: the front door's answers turned into series."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.alerts.chance import Floats
from lapwing.alerts.converting import settled
from lapwing.alerts.measured import Measured
from lapwing.model.calendar import to_us, utc_iso
from lapwing.model.dataset import Measure
from lapwing.model.expression import measures
from lapwing.model.grain import Grain
from lapwing.model.receipt import Receipt
from lapwing.query.ask import MetricQuery
from lapwing.query.evaluate import evaluate
from lapwing.states import state_for

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

Value = str | int | float | bool | None
Slice = tuple[tuple[str, Value], ...]
"""Dimension and value pairs; empty is the whole."""
Span = tuple[int | None, int | None]
"""[start, end) in UTC microseconds; None is where the data begins or ends."""
Totals = Mapping[tuple[Value, ...], Floats]
"""[amount, exposure] of each group; nothing is 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Amounts and exposures (S, T) of slices over buckets that start at `starts` (UTC microseconds). `data_until`: all
    data before it is in, None where nothing is known. `firm`: all before it was answered by rollups."""

    slices: tuple[Slice, ...]
    starts: npt.NDArray[np.int64]
    amount: Floats
    exposure: Floats
    data_until: int | None
    firm: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What all questions about one watched metric share."""

    lapwing: Lapwing
    measured: Measured
    zone: str

    def history(self, by: tuple[str, ...], within: Slice, grain: Grain, span: Span = (None, None)) -> Series:
        """As `series`; where they are split, the whole comes last: over the whole's buckets, which are those of all parts."""
        parts = self.series(by, within, grain, span)
        if not by:
            return parts
        whole = self.series((), within, grain, span)
        if not len(whole.starts) or not np.array_equal(parts.starts, whole.starts):
            return parts
        return Series(
            (*parts.slices, *whole.slices),
            whole.starts,
            np.concatenate([parts.amount, whole.amount]),
            np.concatenate([parts.exposure, whole.exposure]),
            whole.data_until,
            min(parts.firm, whole.firm),
        )

    def blank(self) -> tuple[float, float] | None:
        """Amount and exposure of a slice that has no rows in a bucket that is complete; None where that depends on other
        buckets."""
        found = []
        for name in self.measured.asked:
            dataset, metric = self.lapwing.project.metric(name)
            refs = tuple(measures(metric.expression))
            if any(ref.stretch is not None or ref.dataset != dataset.name for ref in refs):
                return None
            arguments = self.lapwing.cache.bound(dataset.name).arguments
            cells = {ref: pa.array([_empty(dataset.measures[ref.measure], arguments)], pa.float64()) for ref in refs}
            value = evaluate(metric.expression, cells, 1)[0].as_py()
            found.append(np.nan if value is None else float(value))
        return found[0], found[1] if len(found) > 1 else 1.0

    def series(self, by: tuple[str, ...], within: Slice, grain: Grain, span: Span = (None, None)) -> Series:
        """The history, or a part of it, one series for each value of `by`."""
        asked = self.measured.asked
        start, end = (None if moment is None else utc_iso(moment) for moment in span)
        answer = self.lapwing.answer(
            MetricQuery(
                metrics=asked, by=by, grain=grain, start=start, end=end, zone=self.zone, where=condition(within)
            )
        )
        table = answer.table
        said = answer.receipt.data_until
        until = settled(self.lapwing, asked, None if said is None else moment(said))
        times = pc.cast(pc.cast(table.column(len(by)), pa.timestamp("us", tz="UTC")), pa.int64()).to_numpy()
        starts = np.unique(times)
        if not len(starts):
            nothing = np.empty((0, 0))
            return Series((), starts, nothing, nothing, None)
        # The front door gives every group every bucket, in order: the columns are matrices laid out row by row.
        groups = table.take(np.arange(0, table.num_rows, len(starts)))
        keys = zip(*(groups.column(i).to_pylist() for i in range(len(by))), strict=True) if by else iter([()])
        slices = tuple((*within, *zip(by, key, strict=True)) for key in keys)
        arrays = [floats(table.column(len(by) + 1 + i)).reshape(len(slices), len(starts)) for i in range(len(asked))]
        exposure = arrays[1] if len(arrays) > 1 else np.ones_like(arrays[0])
        return Series(slices, starts, arrays[0], exposure, until, firm_until(answer.receipt))

    def totals(self, by: tuple[str, ...], within: Slice, start: int, end: int) -> Totals:
        """What each group came to over one stretch of time."""
        answer = self.lapwing.answer(
            MetricQuery(
                metrics=self.measured.asked,
                by=by,
                start=utc_iso(start),
                end=utc_iso(end),
                zone=self.zone,
                where=condition(within),
            )
        )
        table = answer.table
        columns = [np.nan_to_num(floats(table.column(len(by) + i))) for i in range(len(self.measured.asked))]
        if len(columns) == 1:
            columns.append(np.ones_like(columns[0]))
        keys = zip(*(table.column(i).to_pylist() for i in range(len(by))), strict=True) if by else iter([()])
        return dict(zip(keys, np.stack(columns, axis=1), strict=True))

    def receipt(self, within: Slice, grain: Grain, start: int, end: int) -> dict[str, object]:
        """How the numbers of a slice and time are answered."""
        query = MetricQuery(
            metrics=self.measured.asked,
            grain=grain,
            start=utc_iso(start),
            end=utc_iso(end),
            zone=self.zone,
            where=condition(within),
        )
        return self.lapwing.answer(query).receipt.as_dict()

    def pairs(self, one: str, other: str) -> list[tuple[Value, Value]]:
        """Which values of two dimensions occur together, ever."""
        query = MetricQuery(metrics=self.measured.asked[-1:], by=(one, other), zone=self.zone)
        table = self.lapwing.answer(query).table
        return list(zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True))


def _empty(measure: Measure, arguments: Mapping[str, str | None]) -> float | None:
    """Its value where there are no rows."""
    state = state_for(measure, arguments[measure.name])
    return (0.0 if state.additive or state.counts else None) if measure.fill is None else measure.fill


def firm_until(receipt: Receipt) -> int:
    """The first moment for which anything but a rollup answered, or nothing."""
    others = [stretch for piece in receipt.pieces if piece.by != "rollup" for stretch in piece.stretches]
    return min((moment(start) for start, _ in (*others, *receipt.missing)), default=1 << 62)


def floats(column: pa.ChunkedArray) -> Floats:
    """A column of numbers as doubles, null as nan."""
    array: Floats = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    return array


def moment(text: str) -> int:
    """UTC microseconds of an ISO 8601 text with an offset."""
    return to_us(datetime.fromisoformat(text))


def series_key(within: Slice) -> str:
    """How a slice is written in the state database."""
    return json.dumps(within)


def condition(within: Slice) -> str | None:
    """The SQL condition that keeps a slice; None keeps all."""
    return " and ".join(_equals(name, value) for name, value in within) or None


def _equals(name: str, value: Value) -> str:
    if value is None:
        return f"{name} is null"
    if isinstance(value, str):
        text = value.replace("'", "''")
        return f"{name} = '{text}'"
    return f"{name} = {str(value).lower()}"
