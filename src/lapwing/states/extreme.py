"""Minimum and maximum of numbers, dates and timestamps."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from lapwing.model.problem import Refused
from lapwing.states.argument import Argument, Kind
from lapwing.states.base import Array, Columns, State, StateColumn
from lapwing.states.dialect import Dialect, counted, dialect_of, required
from lapwing.states.limbs import to_decimal
from lapwing.states.sum_float import GREATEST, special_counts

_LEAST_INTEGER: Final = -(1 << 63)
_GREATEST_INTEGER: Final = (1 << 63) - 1
# The plain literal would be a number of another type to most engines.
_TEXTS: Final = {_LEAST_INTEGER: "(-9223372036854775807 - 1)", _GREATEST_INTEGER: "9223372036854775807"}


class Extreme(State):
    """An int64: the integer, the decimal without its point, days or microseconds since 1970."""

    def __init__(self, kind: str, argument: Argument) -> None:
        self.kind = kind  # type: ignore[misc]  # one class is both kinds
        self.argument = argument
        self.identity = _GREATEST_INTEGER if kind == "min" else _LEAST_INTEGER
        self.columns = (StateColumn("n", "<i8"), StateColumn("value", "<i8", "min" if kind == "min" else "max"))

    def sql(self, argument: str | None, where: str | None, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        x = counted(required(argument, self.kind), where)
        number = self._number(engine, x)
        return engine.integer(f"COUNT({x})"), engine.integer(f"COALESCE({number}, {_TEXTS[self.identity]})")

    def _number(self, engine: Dialect, x: str) -> str:
        name = self.kind.upper()
        match self.argument.kind:
            case Kind.DECIMAL:
                return engine.unscaled(f"{name}({engine.decimal(x, self.argument)})", self.argument.scale)
            case Kind.DATE:
                return engine.days(f"{name}({x})")
            case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
                return engine.microseconds(f"{name}({x})", self.argument.kind is Kind.TIMESTAMPTZ)
        return f"{name}({x})"

    def final(self, columns: Columns) -> pa.Array:
        """int64, decimal128(38, scale), date32, timestamp[us] or timestamp[us, UTC]; null where n = 0.

        Raises:
            Refused: an infinite timestamp is the extreme.
        """
        present = columns["n"] > 0
        values = columns["value"].astype(np.int64, copy=False)
        match self.argument.kind:
            case Kind.DECIMAL:
                return to_decimal([np.where(present, values, 0)], present, self.argument.scale)
            case Kind.DATE:
                return pa.array(np.where(present, values, 0).astype(np.int32), pa.int32(), mask=~present).cast(
                    pa.date32()
                )
            case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
                if (present & (values == self.identity)).any():  # DuckDB gives null for an infinite one
                    raise Refused.of("infinite-time", f"The {self.kind} is an infinite timestamp.")
                zone = "UTC" if self.argument.kind is Kind.TIMESTAMPTZ else None
                return pa.array(values, pa.int64(), mask=~present).cast(pa.timestamp("us", zone))
        return pa.array(values, pa.int64(), mask=~present)

    def empty(self, length: int) -> dict[str, Array]:
        return {"n": np.zeros(length, "<i8"), "value": np.full(length, self.identity, "<i8")}


class FloatExtreme(State):
    """The extreme of the finite values, and how many are not. NaN is greater than all other numbers, as in Lapwing's
    SQL; -0.0 is 0.0."""

    def __init__(self, kind: str) -> None:
        self.kind = kind  # type: ignore[misc]  # one class is both kinds
        self.identity = float(GREATEST) if kind == "min" else -float(GREATEST)
        counts = (StateColumn(suffix, "<i8") for suffix in ("n", "nan", "positive", "negative"))
        self.columns = (*counts, StateColumn("value", "<f8", "min" if kind == "min" else "max"))

    def sql(self, argument: str | None, where: str | None, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        x = engine.double(counted(required(argument, self.kind), where))
        finite = f"CASE WHEN ABS({x}) <= {GREATEST} THEN {x} END"
        value = f"COALESCE({self.kind.upper()}({finite}) + 0e0, {'-' if self.kind == 'max' else ''}{GREATEST})"
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
