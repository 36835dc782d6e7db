"""Exact sums of integers and decimals, kept as 32-bit limbs."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.states import limbs
from lapwing.states.argument import Argument, Kind
from lapwing.states.base import Array, Columns, Rows, State, StateColumn
from lapwing.states.dialects import dialect_of

_SUFFIXES = {1: ("sum",), 2: ("hi", "lo"), 4: ("s3", "s2", "s1", "s0")}


class IntegerSum(State):
    """The sum of integers, decimals (without their point) or booleans (their number). One int64 where the argument has
    up to 32 bits, two limbs up to 64 bits or 18 digits, four up to 38 digits.

    DuckDB itself stops a build whose sum of decimals passes 38 digits.
    """

    kind = "sum"
    additive: ClassVar[bool] = True

    def __init__(self, argument: Argument) -> None:
        self.argument = argument
        self.scale = argument.scale
        self.limbs = _limb_count(argument)
        self._suffixes = _SUFFIXES[self.limbs]
        self.columns = (StateColumn("n", "<i8"), *(StateColumn(suffix, "<i8") for suffix in self._suffixes))

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        x = rows.counted(self.kind)
        count = engine.integer(f"COUNT({x})")
        match self.argument.kind:
            case Kind.DECIMAL:
                total = engine.unscaled(f"SUM({engine.decimal(x, self.argument)})", self.scale)
                return count, *engine.cut(total, self.limbs)
            case Kind.BOOLEAN:
                # Not a cast: PostgreSQL has none from boolean to bigint.
                return count, *engine.sum_limbs(f"CASE WHEN ({x}) THEN 1 WHEN NOT ({x}) THEN 0 END", self.limbs)
        return count, *engine.sum_limbs(x, self.limbs)

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        added = limbs.add_runs(self.numbers(columns), columns["n"].astype(np.int64, copy=False), starts)
        return {"n": np.add.reduceat(columns["n"], starts), **dict(zip(self._suffixes, added, strict=True))}

    def final(self, columns: Columns) -> pa.Array:
        """int64, or decimal128(38, scale) of decimals and where an integer does not fit. Null where n = 0."""
        present = columns["n"] > 0
        numbers = self.numbers(columns)
        if self.argument.kind is not Kind.DECIMAL:
            fitting = limbs.to_int64(numbers)
            if fitting is not None:
                return pa.array(fitting, pa.int64(), mask=~present)
        return limbs.to_decimal(numbers, present, self.scale)

    def numbers(self, columns: Columns) -> list[limbs.Integers]:
        """The unscaled sums as limbs."""
        return [columns[suffix].astype(np.int64, copy=False) for suffix in self._suffixes]

    def means(self, columns: Columns) -> limbs.Doubles:
        """The sums divided by their numbers of rows (at least 1), correctly rounded."""
        return limbs.ratio(self.numbers(columns), np.maximum(columns["n"], 1).astype(np.int64), self.scale)

    def empty(self, length: int) -> dict[str, Array]:
        return {column.suffix: np.zeros(length, "<i8") for column in self.columns}


def _limb_count(argument: Argument) -> int:
    match argument.kind:
        case Kind.BOOLEAN:
            return 1
        case Kind.DECIMAL:
            return 2 if argument.digits <= 18 else 4
    return 1 if argument.bits <= 32 else 2 if argument.bits <= 65 else 4
