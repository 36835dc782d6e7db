"""The mean: an exact sum and the number of values, divided last."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.states.base import Array, Columns, Mask, Rows, State
from lapwing.states.sum_float import FloatSum
from lapwing.states.sum_integer import IntegerSum


class Mean(State):
    """The columns of the sum it is made of; so a mean and a sum of the same argument are one state."""

    kind = "mean"

    def __init__(self, total: IntegerSum | FloatSum) -> None:
        self._total = total
        self.columns = total.columns

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        return self._total.sql(rows, dialect)

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        return self._total.merge(columns, starts)

    def final(self, columns: Columns) -> pa.Array:
        """float64, correctly rounded from the exact sum; null where n = 0."""
        return pa.array(self._total.means(columns), pa.float64(), mask=columns["n"] == 0)

    def empty(self, length: int) -> dict[str, Array]:
        return self._total.empty(length)

    def _same(self, one: Columns, other: Columns) -> Mask:
        return self._total._same(one, other)
