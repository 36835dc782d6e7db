"""Minimum and maximum of numbers, dates, timestamps and texts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.states.argument import Argument
from lapwing.states.base import Array, Columns, Rows, State, StateColumn
from lapwing.states.columns import run_of
from lapwing.states.dialects import GREATEST as GREATEST_DOUBLE
from lapwing.states.dialects import dialect_of
from lapwing.states.held import GREATEST, LEAST, Held, HeldInteger, HeldText
from lapwing.states.sum_float import special_counts


class Extreme(State):
    """Of what is held as an int64; `numpy.minimum` and `maximum` merge it."""

    def __init__(self, kind: str, argument: Argument) -> None:
        self.kind = kind
        self.held: Held = HeldInteger(argument, GREATEST if kind == "min" else LEAST)
        self.columns = (StateColumn("n", "<i8"), StateColumn("value", "<i8", "min" if kind == "min" else "max"))

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        x = rows.counted(self.kind)
        return engine.integer(f"COUNT({x})"), self.held.sql(engine, lambda y: f"{self.kind.upper()}({y})", x)

    def final(self, columns: Columns) -> pa.Array:
        """int64, decimal128(38, scale), date32, timestamp[us] or timestamp[us, UTC]; null where n = 0.

        Raises:
            Refused: an infinite timestamp is the extreme.
        """
        return self.held.arrow(columns, columns["n"] > 0)

    def empty(self, length: int) -> dict[str, Array]:
        return {"n": np.zeros(length, "<i8"), **self.held.empty(length)}


class TextExtreme(State):
    """By bytes, which is the order of code points."""

    columns = (StateColumn("n", "<i8"), *HeldText.columns)

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.held = HeldText()

    @property
    def built(self) -> tuple[str, ...]:
        return ("n", "value")

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        x = rows.counted(self.kind)
        return engine.integer(f"COUNT({x})"), self.held.sql(engine, lambda y: f"{self.kind.upper()}({y})", x)

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        absent = columns["n"] == 0
        rank = self.held.ranks(columns)
        rank = np.where(absent, -1, rank if self.kind == "max" else len(rank) - rank)
        order = np.lexsort((rank, run_of(starts, len(rank))))
        best = order[np.append(starts[1:], len(rank)) - 1]
        return {**self.take(columns, best), "n": np.add.reduceat(columns["n"], starts)}

    def final(self, columns: Columns) -> pa.Array:
        """string, null where n = 0."""
        return self.held.arrow(columns, columns["n"] > 0)

    def empty(self, length: int) -> dict[str, Array]:
        return {"n": np.zeros(length, "<i8"), **self.held.empty(length)}


class FloatExtreme(State):
    """The extreme of the finite values, and how many are not. NaN is greater than all other numbers, as in Lapwing's
    SQL; -0.0 is 0.0."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.identity = float(GREATEST_DOUBLE) if kind == "min" else -float(GREATEST_DOUBLE)
        counts = (StateColumn(suffix, "<i8") for suffix in ("n", "nan", "positive", "negative"))
        self.columns = (*counts, StateColumn("value", "<f8", "min" if kind == "min" else "max"))

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        x = engine.double(rows.counted(self.kind))
        finite = f"CASE WHEN ABS({x}) <= {GREATEST_DOUBLE} THEN {x} END"
        identity = f"{'-' if self.kind == 'max' else ''}{GREATEST_DOUBLE}"
        value = f"COALESCE({self.kind.upper()}({finite}) + 0e0, {identity})"
        return engine.integer(f"COUNT({x})"), *special_counts(x, dialect), engine.double(value)

    def final(self, columns: Columns) -> pa.Array:
        """float64, null where n = 0."""
        rows, nan, positive, negative = (columns[name] for name in ("n", "nan", "positive", "negative"))
        finite = rows - nan - positive - negative
        conditions = [nan > 0, positive > 0, finite > 0, negative > 0]
        chosen = [np.full(len(rows), np.nan), np.full(len(rows), np.inf), columns["value"], np.full(len(rows), -np.inf)]
        if self.kind == "min":
            conditions.reverse()
            chosen.reverse()
        return pa.array(np.select(conditions, chosen), pa.float64(), mask=rows == 0)

    def empty(self, length: int) -> dict[str, Array]:
        counts = {suffix: np.zeros(length, "<i8") for suffix in ("n", "nan", "positive", "negative")}
        return {**counts, "value": np.full(length, self.identity, "<f8")}
