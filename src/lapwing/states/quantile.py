"""Quantiles: a log-linear histogram on the bits of the double.

A value's bucket is the 17 bits of its double under the sign: 64 buckets of equal width between two powers of two. So no
logarithm decides anything, every engine gives the same bucket, and a bucket's middle is within 1/129 of all its values
(compare Masson et al., "DDSketch" (2019), whose buckets are of equal ratio).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.states.base import ROW, Array, Bound, Columns, EntriesSql, Rows, State, StateColumn
from lapwing.states.columns import order_of, owners, run_of
from lapwing.states.dialects import INFINITE, NOT_A_NUMBER, dialect_of

_SHIFT: Final = 46
_EXACT: Final = 1 << 53
_RELATIVE: Final = 1 / 129


class Quantile(State):
    """`size` pairs of bucket and count, in the order of buckets, which is the order of values; infinities and NaN (the
    greatest, as in Lapwing's SQL) are buckets of their own."""

    kind = "quantile"
    columns = (
        StateColumn("n", "<i8"),
        StateColumn("size", "<i8"),
        StateColumn("bucket", "<i8", of="size"),
        StateColumn("count", "<i8", of="size"),
    )

    def __init__(self, q: float) -> None:
        self.q = q
        share = Fraction(str(q)).limit_denominator(1_000_000)  # 0.7 of 10 is 7, though 0.7 * 10 is more in doubles
        self._top, self._bottom = share.numerator, share.denominator

    @property
    def built(self) -> tuple[str, ...]:
        return ("n",)

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        return (engine.integer(f"COUNT({rows.counted(self.kind)})"),)

    def entries_sql(self, rows: Rows, dialect: str) -> EntriesSql | None:
        engine = dialect_of(dialect)
        row = engine.double(rows.counted(self.kind))
        return EntriesSql(row, engine.value_bucket(ROW), engine.integer("COUNT(*)"))

    def from_entries(self, built: Columns, sizes: npt.NDArray[np.int64], keys: pa.Array, values: Array) -> Columns:
        return {"n": built["n"], "size": sizes, "bucket": np.asarray(keys).astype(np.int64), "count": values}

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        run = run_of(starts, len(columns["n"]))[owners(columns["size"])]
        sizes, bucket, count = _added(run, columns["bucket"], columns["count"], len(starts))
        return {"n": np.add.reduceat(columns["n"], starts), "size": sizes, "bucket": bucket, "count": count}

    def final(self, columns: Columns) -> pa.Array:
        """float64, null where n = 0: the least value with a share of at least q at or below it."""
        n = columns["n"].astype(np.int64, copy=False)
        present = n > 0
        wanted = np.maximum(-(-n * self._top // self._bottom), 1)[present]
        ends = np.cumsum(columns["count"])
        last = np.cumsum(columns["size"])[present]
        before = ends[last - columns["size"][present]] - columns["count"][last - columns["size"][present]]
        place = np.minimum(np.searchsorted(ends, before + wanted), last - 1)
        values = np.full(len(n), np.nan)
        values[present] = _middle(columns["bucket"][place])
        return pa.array(values, pa.float64(), mask=~present)

    def empty(self, length: int) -> dict[str, Array]:
        return {column.suffix: np.zeros(0 if column.of else length, "<i8") for column in self.columns}

    def bound(self) -> Bound | None:
        return Bound(_RELATIVE, hard=True, says="within 0.775 % of the value at that rank")

    @staticmethod
    def coarser(columns: Columns, bits: int) -> dict[str, Array]:
        """The states with 2^`bits` buckets joined to one each; the error grows as much."""
        special = np.abs(columns["bucket"]) >= INFINITE
        # Toward zero, so that both signs are treated alike.
        joined = np.sign(columns["bucket"]) * (np.abs(columns["bucket"]) >> bits << bits)
        bucket = np.where(special, columns["bucket"], joined)
        sizes, bucket, count = _added(owners(columns["size"]), bucket, columns["count"], len(columns["n"]))
        return {"n": columns["n"], "size": sizes, "bucket": bucket, "count": count}


def _added(
    run: npt.NDArray[np.int64], bucket: Array, count: Array, runs: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The counts of equal (run, bucket), in that order, and how many buckets each run has."""
    if not len(bucket):
        return np.zeros(runs, np.int64), bucket, count
    least, width = int(bucket.min()), int(bucket.max()) - int(bucket.min()) + 1
    code = run * width + (bucket - least)
    if runs * width <= 4 * len(code) and int(count.sum()) < _EXACT:
        summed = np.bincount(code, weights=count, minlength=runs * width)  # in doubles, so below 2^53
        code = np.flatnonzero(summed)
        added = summed[code].astype(np.int64)
    else:
        order = order_of(code)
        code = code[order]
        first = np.flatnonzero(np.concatenate((np.ones(1, np.bool_), code[1:] != code[:-1])))
        added = np.add.reduceat(count[order], first)
        code = code[first]
    return np.bincount(code // width, minlength=runs), code % width + least, added


def _middle(bucket: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The value with the least relative error to both ends of a bucket."""
    place = np.minimum(np.abs(bucket), INFINITE - 1)
    low, high = (place << _SHIFT).view(np.float64), (place + 1 << _SHIFT).view(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        middle = np.sign(bucket) * np.where(place == 0, 0.0, 2 * low * (high / (low + high)))
    infinite = np.where(bucket > 0, np.inf, -np.inf)
    special = np.where(bucket == NOT_A_NUMBER, np.nan, infinite)
    return np.where(np.abs(bucket) >= INFINITE, special, middle)
