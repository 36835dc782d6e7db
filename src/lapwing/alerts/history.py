"""What was measured, as arrays: the front door's answers turned into series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.alerts.detect import Floats
from lapwing.alerts.measured import Measured
from lapwing.model.calendar import to_us, utc_iso
from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

Value = str | int | float | bool | None
Slice = tuple[tuple[str, Value], ...]
"""Dimension and value pairs; empty is the whole."""
Totals = Mapping[tuple[Value, ...], Floats]
"""[amount, exposure] of each group; nothing is 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Amounts and exposures (S, T) of slices over buckets that start at `starts` (UTC microseconds). `data_until`: all
    data before it is in, None where nothing is known."""

    slices: tuple[Slice, ...]
    starts: npt.NDArray[np.int64]
    amount: Floats
    exposure: Floats
    data_until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What all questions about one watched metric share."""

    lapwing: Lapwing
    measured: Measured
    zone: str

    def series(self, by: tuple[str, ...], within: Slice, grain: Grain) -> Series:
        """The whole history, one series for each value of `by`."""
        asked = self.measured.asked
        answer = self.lapwing.answer(
            MetricQuery(metrics=asked, by=by, grain=grain, zone=self.zone, where=condition(within))
        )
        table = answer.table
        until = answer.receipt.data_until
        times = pc.cast(pc.cast(table.column(len(by)), pa.timestamp("us", tz="UTC")), pa.int64()).to_numpy()
        starts, bucket = np.unique(times, return_inverse=True)
        keys = list(zip(*(table.column(i).to_pylist() for i in range(len(by))), strict=True)) if by else [()] * len(times)
        place = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        row = np.array([place[key] for key in keys], np.int64)
        arrays = []
        for number in range(len(asked)):
            array = np.full((len(place), len(starts)), np.nan)
            array[row, bucket] = floats(table.column(len(by) + 1 + number))
            arrays.append(array)
        exposure = arrays[1] if len(arrays) > 1 else np.ones_like(arrays[0])
        slices = tuple((*within, *zip(by, key, strict=True)) for key in place)
        return Series(slices, starts, arrays[0], exposure, None if until is None else moment(until))

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


def floats(column: pa.ChunkedArray) -> Floats:
    """A column of numbers as doubles, null as nan."""
    array: Floats = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    return array


def moment(text: str) -> int:
    """UTC microseconds of an ISO 8601 text with an offset."""
    return to_us(datetime.fromisoformat(text))


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
