"""Sample variance and standard deviation, numerically safe."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.states import limbs
from lapwing.states.argument import Argument, Kind
from lapwing.states.base import Array, Bound, Columns, Mask, Rows, State, StateColumn
from lapwing.states.dialects import GREATEST, dialect_of
from lapwing.states.same import close, same_columns
from lapwing.states.sum_float import special_counts
from lapwing.states.sum_integer import IntegerSum

_EXACT = 1 << 53
_ROUNDING = 1e-7
"""By which share of the values' size two means may be apart that engines added up in their own order."""
_HUGE = 1e150
"""Squares of greater values, and sums of them, leave the doubles in one order and not in another."""


class IntegerVariance(State):
    """Integers up to 64 bits and decimals up to 18 digits: exact sums of y and y * y."""

    def __init__(self, kind: str, argument: Argument) -> None:
        self.kind = kind
        self.argument = argument
        self._total = IntegerSum(argument)
        self._squares = ("q1", "q0") if self._narrow else ("q3", "q2", "q1", "q0")
        self.columns = (*self._total.columns, *(StateColumn(suffix, "<i8") for suffix in self._squares))

    @property
    def _narrow(self) -> bool:
        """A square fits in 64 bits."""
        return self.argument.kind is Kind.INTEGER and self.argument.bits <= 32

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        total = self._total.sql(rows, dialect)
        y = rows.counted(self.kind)
        y = engine.unscaled_row(y, self.argument) if self.argument.kind is Kind.DECIMAL else engine.integer(y)
        return *total, *(engine.sum_limbs(f"{y} * {y}", 2) if self._narrow else engine.square_limbs(y))

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        merged = self._total.merge(columns, starts)
        added = limbs.add_runs(self._numbers(columns), columns["n"].astype(np.int64, copy=False), starts)
        return {**merged, **dict(zip(self._squares, added, strict=True))}

    def _numbers(self, columns: Columns) -> list[limbs.Integers]:
        return [columns[suffix].astype(np.int64, copy=False) for suffix in self._squares]

    def final(self, columns: Columns) -> pa.Array:
        """float64, correctly rounded (the standard deviation: then its root); null where n < 2."""
        rows = columns["n"].astype(np.int64, copy=False)
        variance = self._variance(columns, rows)
        return _shown(self.kind, variance, rows)

    def _variance(self, columns: Columns, rows: limbs.Integers) -> limbs.Doubles:
        """(n * sum of squares - sum^2) / (n * (n - 1) * 10^(2 * scale))."""
        several = rows >= 2
        unit = 10 ** (2 * self.argument.scale)
        sums, squares = self._total.numbers(columns), self._numbers(columns)
        small_sum, small_square = limbs.to_int64(sums), limbs.to_int64(squares)
        n = np.where(several, rows, 2)
        if small_sum is not None and small_square is not None:
            sizes = n.astype(np.float64)
            # n * sum of squares is never below sum^2, so one look keeps all three products within the exact doubles.
            if (sizes * small_square).max(initial=0) < _EXACT and (sizes * sizes).max(initial=0) * unit < _EXACT:
                numerator = n * small_square - small_sum * small_sum
                exact: limbs.Doubles = numerator.astype(np.float64) / (n * (n - 1) * unit).astype(np.float64)
                return exact
        pairs = zip(n.tolist(), limbs.to_integers(sums), limbs.to_integers(squares), strict=True)
        values = [(size * square - total * total) / (size * (size - 1) * unit) for size, total, square in pairs]
        return np.array(values, np.float64)

    def empty(self, length: int) -> dict[str, Array]:
        return {column.suffix: np.zeros(length, "<i8") for column in self.columns}


class FloatVariance(State):
    """Doubles, and integers and decimals too wide for exact squares: mean and sum of squared distances from it, merged
    by Chan's formula. Plain sums of squares would lose everything when the mean is far from 0."""

    columns = (
        *(StateColumn(suffix, "<i8") for suffix in ("n", "nan", "positive", "negative")),
        StateColumn("mean", "<f8"),
        StateColumn("m2", "<f8"),
    )

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        x = engine.double(rows.counted(self.kind))
        finite = f"CASE WHEN ABS({x}) <= {GREATEST} THEN {x} END"
        return (
            engine.integer(f"COUNT({x})"),
            *special_counts(x, dialect),
            engine.double(f"COALESCE(AVG({finite}), 0)"),
            engine.double(f"COALESCE({engine.squared_distances(finite)}, 0)"),
        )

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        merged = super().merge(columns, starts)
        rows = _finite(columns).astype(np.float64)
        together = np.add.reduceat(rows, starts)
        mean, m2 = columns["mean"].astype(np.float64, copy=False), columns["m2"].astype(np.float64, copy=False)
        run = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(rows))))
        # Distances are taken from a mean of the run, so that a far-off mean costs no digits; its own error is corrected.
        rough = (np.add.reduceat(rows * mean, starts) / np.maximum(together, 1))[run]
        apart = mean - rough
        shift = np.add.reduceat(rows * apart, starts)
        merged["mean"] = np.where(together > 0, rough[starts] + shift / np.maximum(together, 1), 0.0)
        spread = np.add.reduceat(rows * apart * apart, starts) - shift * shift / np.maximum(together, 1)
        merged["m2"] = np.add.reduceat(m2, starts) + np.maximum(spread, 0.0)
        return merged

    def final(self, columns: Columns) -> pa.Array:
        """float64, null where n < 2; NaN where one of the values is no finite number."""
        rows = columns["n"].astype(np.int64, copy=False)
        variance = columns["m2"] / np.maximum(rows - 1, 1)
        return _shown(self.kind, np.where(_finite(columns) < rows, np.nan, variance), rows)

    def empty(self, length: int) -> dict[str, Array]:
        return {column.suffix: np.zeros(length, column.dtype) for column in self.columns}

    def _same(self, one: Columns, other: Columns) -> Mask:
        """Mean and squared distances as far as the rounding of the values, of the size of the mean and of the spread
        around it, lets them be apart."""
        counts = same_columns(self.columns[:4], one, other)
        rows = np.maximum(_finite(one), 1).astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            spread = np.sqrt(np.maximum(one["m2"], other["m2"]) / rows)
            off = _ROUNDING * (np.maximum(np.abs(one["mean"]), np.abs(other["mean"])) + spread)
            noise = 1e-5 * off  # of a single value: some bits of a double
            means = close(one["mean"], other["mean"], 0.0, off)
            squares = close(one["m2"], other["m2"], _ROUNDING, rows * (noise * noise + 2 * spread * noise))
        return counts & ((means & squares) | (_huge(one) & _huge(other)))

    def bound(self) -> Bound | None:
        return Bound(
            1e-9, hard=False, says="within 1e-9 of the value while the mean is at most 10^6 standard deviations from 0"
        )


def _huge(columns: Columns) -> npt.NDArray[np.bool_]:
    """Which states have values of which nothing can be told but their number."""
    found: npt.NDArray[np.bool_] = ~((np.abs(columns["mean"]) < _HUGE) & (columns["m2"] < _HUGE * _HUGE))
    return found


def _finite(columns: Columns) -> npt.NDArray[np.int64]:
    """How many values are finite numbers."""
    rows: npt.NDArray[np.int64] = columns["n"] - columns["nan"] - columns["positive"] - columns["negative"]
    return rows


def _shown(kind: str, variance: npt.NDArray[np.float64], rows: limbs.Integers) -> pa.Array:
    value = np.sqrt(variance) if kind == "stddev" else variance
    return pa.array(value, pa.float64(), mask=rows < 2)
