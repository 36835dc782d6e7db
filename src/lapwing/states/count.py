"""Count of rows, or of non-null values."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa

from lapwing.states.base import Array, Columns, Rows, State, StateColumn
from lapwing.states.dialects import dialect_of


class Count(State):
    kind = "count"
    additive: ClassVar[bool] = True
    columns = (StateColumn("n", "<i8"),)

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        counted = Rows(rows.argument or "1", rows.where).counted(self.kind)
        return (engine.integer("COUNT(*)" if counted == "(1)" else f"COUNT({counted})"),)

    def final(self, columns: Columns) -> pa.Array:
        """int64, never null."""
        return pa.array(columns["n"], pa.int64())

    def empty(self, length: int) -> dict[str, Array]:
        return {"n": np.zeros(length, "<i8")}
