"""The first and the last value by time. Of several at one moment the last is the greatest and the first the least, so
that every engine and every order of merging finds the same one. Null is no value, and so never the last."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.states.base import Array, Columns, Rows, State, StateColumn
from lapwing.states.columns import run_of
from lapwing.states.dialects import dialect_of
from lapwing.states.held import GREATEST, LEAST, Held, HeldDouble


class ByTime(State):
    """A moment in UTC microseconds and the value at it."""

    def __init__(self, kind: str, held: Held) -> None:
        self.kind = kind
        self.held = held
        self.identity = GREATEST if kind == "first" else LEAST
        self.columns = (StateColumn("n", "<i8"), StateColumn("time", "<i8"), *held.columns)

    @property
    def built(self) -> tuple[str, ...]:
        return ("n", "time", "value")

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        x, moment = rows.counted(self.kind), rows.moment(self.kind)
        by_time = engine.by_time_of_double if isinstance(self.held, HeldDouble) else engine.by_time
        best = "MIN" if self.kind == "first" else "MAX"
        return (
            engine.integer(f"COUNT({x})"),
            f"COALESCE({best}(CASE WHEN {x} IS NOT NULL THEN {moment} END), {engine.number(self.identity)})",
            self.held.sql(engine, lambda y: by_time(self.kind, y, moment), x),
        )

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        count = len(columns["n"])
        order = np.lexsort((self.held.ranks(columns), columns["time"], run_of(starts, count)))
        best = order[starts if self.kind == "first" else np.append(starts[1:], count) - 1]
        return {**self.take(columns, best), "n": np.add.reduceat(columns["n"], starts)}

    def final(self, columns: Columns) -> pa.Array:
        """The value with its type, null where n = 0."""
        return self.held.arrow(columns, columns["n"] > 0)

    def empty(self, length: int) -> dict[str, Array]:
        moment = np.full(length, self.identity, "<i8")
        return {"n": np.zeros(length, "<i8"), "time": moment, **self.held.empty(length)}
