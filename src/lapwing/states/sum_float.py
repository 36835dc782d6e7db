"""Exact sums of doubles: three integers A, B, C with x = A * 2^20 + B * 2^-20 + C * 2^-60 + rest.

Every step that splits a double is exact in IEEE arithmetic and integers are added exactly, so the sum is the same in any
order and in any engine. Beyond the reach of the integers are bits below 2^-60 and values of 2^83 or more: these are
added as doubles in `rest`, and used where they could move the result.
"""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.states import limbs
from lapwing.states.base import Array, Bound, Columns, Mask, Rows, State, StateColumn
from lapwing.states.dialects import GREATEST, dialect_of
from lapwing.states.same import close, same_columns

_LARGE: Final = "9671406556917033397649408e0"  # 2^83
_2_MINUS_60: Final = "8.673617379884035e-19"
_LIMBS: Final = ("a_hi", "a_lo", "b_hi", "b_lo", "c_hi", "c_lo")
_COUNTS: Final = ("n", "nan", "positive", "negative", "inexact")
_ROUNDING: Final = 1e-6
"""By which share two sums of doubles in `rest` may be apart: each engine adds them in its own order."""


class FloatSum(State):
    """`n` counts every non-null value; `nan`, `positive` and `negative` (infinities) those that are no numbers, and
    `inexact` those with a part in `rest`."""

    kind = "sum"
    additive: ClassVar[bool] = True
    columns = (
        *(StateColumn(suffix, "<i8") for suffix in (*_COUNTS, *_LIMBS)),
        StateColumn("rest", "<f8"),
    )

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        x = engine.double(rows.counted(self.kind))
        a, b, c, left = engine.thirds(f"CASE WHEN ABS({x}) < {_LARGE} THEN {x} END")  # NaN is greater, or nothing
        large = f"CASE WHEN ABS({x}) >= {_LARGE} AND ABS({x}) <= {GREATEST} THEN {x} END"
        inexact = f"COUNT(CASE WHEN {left} <> 0 THEN 1 END) + COUNT({large})"
        rest = f"COALESCE(SUM({left}), 0) * {_2_MINUS_60} + COALESCE(SUM({large}), 0)"
        return (
            engine.integer(f"COUNT({x})"),
            *special_counts(x, dialect),
            engine.integer(inexact),
            *(limb for part in (a, b, c) for limb in engine.sum_limbs(part, 2)),
            engine.double(rest),
        )

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        merged = super().merge(columns, starts)
        rows = columns["n"].astype(np.int64, copy=False)
        for high, low in (("a_hi", "a_lo"), ("b_hi", "b_lo"), ("c_hi", "c_lo")):
            pair = [columns[high].astype(np.int64, copy=False), columns[low].astype(np.int64, copy=False)]
            merged[high], merged[low] = limbs.add_runs(pair, rows, starts)
        return merged

    def final(self, columns: Columns) -> pa.Array:
        """float64, null where n = 0; NaN where one is among the values, or infinities of both signs."""
        exact = limbs.to_double(_total(columns), -60)
        return pa.array(_finished(columns, exact, columns["rest"]), pa.float64(), mask=columns["n"] == 0)

    def means(self, columns: Columns) -> limbs.Doubles:
        """The sums divided by their numbers of rows (at least 1)."""
        rows = np.maximum(columns["n"], 1).astype(np.int64)
        exact = limbs.ratio(_total(columns), rows, exponent=-60)
        return _finished(columns, exact, columns["rest"] / rows, rows)

    def empty(self, length: int) -> dict[str, Array]:
        return {column.suffix: np.zeros(length, column.dtype) for column in self.columns}

    def _same(self, one: Columns, other: Columns) -> Mask:
        """But for `rest` exactly."""
        exact = same_columns([column for column in self.columns if column.suffix != "rest"], one, other)
        return exact & close(one["rest"], other["rest"], _ROUNDING, _ROUNDING * 2.0**-60 * one["inexact"])

    def bound(self) -> Bound | None:
        """None: exact to the last bit of the double while values are below 2^83 and not nearly all below 2^-60; the rest
        is as good as the engine's own sum of doubles."""
        return None


def special_counts(x: str, dialect: str) -> tuple[str, str, str]:
    """How many are NaN, infinite, minus infinite."""
    engine = dialect_of(dialect)
    conditions = (engine.not_a_number(x), engine.infinite(x, ""), engine.infinite(x, "-"))
    nan, positive, negative = (f"COUNT(CASE WHEN {c} THEN 1 END)" if c else "0" for c in conditions)
    return engine.integer(nan), engine.integer(positive), engine.integer(negative)


def _total(columns: Columns) -> list[limbs.Integers]:
    """A * 2^80 + B * 2^40 + C as limbs."""
    a_hi, a_lo, b_hi, b_lo, c_hi, c_lo = (columns[suffix].astype(np.int64, copy=False) for suffix in _LIMBS)
    # B * 2^40 is B * 2^8 one limb up, A * 2^80 is A * 2^16 two limbs up; halves keep products within 64 bits.
    b = limbs.widen([b_hi, b_lo], 3)
    b = limbs.carry([limb << 8 for limb in b])
    a = limbs.widen([a_hi, a_lo], 3)
    a = limbs.carry([limb << 16 for limb in a])
    c = limbs.widen([c_hi, c_lo], 5)
    b = limbs.widen(b, 4)
    zero = np.zeros_like(a_hi)
    return limbs.carry([x + y + z for x, y, z in zip([*a, zero, zero], [*b, zero], c, strict=True)])


def _finished(columns: Columns, exact: limbs.Doubles, rest: Array, rows: limbs.Integers | int = 1) -> limbs.Doubles:
    """`exact` with `rest` where that matters (a value of 2^83 or more, or the cut bits may reach the last bit of the
    double), and with NaN and the infinities."""
    cut = columns["inexact"].astype(np.float64) * 2.0**-60 / rows
    rest = rest.astype(np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        matters = (np.abs(rest) > cut) | (cut > np.abs(exact) * 2.0**-53) | ~np.isfinite(rest)
        value = np.where(matters, exact + rest, exact)
    positive, negative = columns["positive"] > 0, columns["negative"] > 0
    value = np.where(positive, np.inf, np.where(negative, -np.inf, value))
    return np.where((columns["nan"] > 0) | (positive & negative), np.nan, value)
