"""Count of rows, or of non-null values."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa

from lapwing.states.base import Array, Columns, State, StateColumn
from lapwing.states.dialect import counted, dialect_of


class Count(State):
    kind = "count"
    additive: ClassVar[bool] = True
    columns = (StateColumn("n", "<i8"),)

    def sql(self, argument: str | None, where: str | None, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        if argument is None and where is None:
            return (engine.integer("COUNT(*)"),)
        return (engine.integer(f"COUNT({counted(argument or '1', where)})"),)

    def final(self, columns: Columns) -> pa.Array:
        """int64, never null."""
        return pa.array(columns["n"], pa.int64())

    def empty(self, length: int) -> dict[str, Array]:
        return {"n": np.zeros(length, "<i8")}
