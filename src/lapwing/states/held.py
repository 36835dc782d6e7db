"""How a state holds one value of an argument's type: an integer, a double, or a text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.model.problem import Refused
from lapwing.states.argument import Argument, Kind
from lapwing.states.columns import Array, Columns, StateColumn, lengths_and_data, ranks, texts
from lapwing.states.dialects import Dialect
from lapwing.states.limbs import to_decimal

LEAST: Final = -(1 << 63)
GREATEST: Final = (1 << 63) - 1
_MOMENTS: Final = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)

Ints = npt.NDArray[np.int64]
Aggregate = Callable[[str], str]


class Held(ABC):
    """One value a state. `columns` are its own; the last of them is the one that SQL gives."""

    columns: tuple[StateColumn, ...]

    @abstractmethod
    def sql(self, engine: Dialect, aggregate: Aggregate, x: str) -> str:
        """The aggregate of rows `x` as it is held, the identity over no rows."""

    @abstractmethod
    def ranks(self, columns: Columns) -> Ints:
        """Numbers that order the values as the values do, equal ones alike."""

    @abstractmethod
    def arrow(self, columns: Columns, present: npt.NDArray[np.bool_]) -> pa.Array:
        """The values, null where not present."""

    @abstractmethod
    def empty(self, length: int) -> dict[str, Array]: ...


class HeldInteger(Held):
    """An int64: the integer, the decimal without its point, days or microseconds since 1970, 1 and 0."""

    columns = (StateColumn("value", "<i8"),)

    def __init__(self, argument: Argument, identity: int = 0) -> None:
        self.argument = argument
        self.identity = identity

    def sql(self, engine: Dialect, aggregate: Aggregate, x: str) -> str:
        value = engine.integer(self._number(engine, aggregate, x))
        return f"COALESCE({value}, {engine.number(self.identity)})"

    def _number(self, engine: Dialect, aggregate: Aggregate, x: str) -> str:
        match self.argument.kind:
            case Kind.DECIMAL:
                return engine.unscaled(aggregate(engine.decimal(x, self.argument)), self.argument.scale)
            case Kind.DATE:
                return engine.days(aggregate(x))
            case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
                zoned = self.argument.kind is Kind.TIMESTAMPTZ
                if engine.orders_times:
                    return engine.microseconds(aggregate(x), zoned)
                return aggregate(engine.microseconds(x, zoned))
            case Kind.BOOLEAN:
                return aggregate(f"CASE WHEN ({x}) THEN 1 WHEN NOT ({x}) THEN 0 END")
        return aggregate(x)

    def ranks(self, columns: Columns) -> Ints:
        return columns["value"].astype(np.int64, copy=False)

    def arrow(self, columns: Columns, present: npt.NDArray[np.bool_]) -> pa.Array:
        """int64, decimal128(38, scale), date32, timestamp[us], timestamp[us, UTC] or boolean.

        Raises:
            Refused: an infinite timestamp.
        """
        values = np.where(present, columns["value"].astype(np.int64, copy=False), 0)
        match self.argument.kind:
            case Kind.DECIMAL:
                return to_decimal([values], present, self.argument.scale)
            case Kind.DATE:
                return pa.array(values.astype(np.int32), pa.int32(), mask=~present).cast(pa.date32())
            case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
                if (present & (columns["value"] == self.identity)).any() and self.identity:  # DuckDB gives null for it
                    raise Refused.of("infinite-time", "The value is an infinite timestamp.")
                zone = "UTC" if self.argument.kind is Kind.TIMESTAMPTZ else None
                return pa.array(values, pa.int64(), mask=~present).cast(pa.timestamp("us", zone))
            case Kind.BOOLEAN:
                return pa.array(values != 0, pa.bool_(), mask=~present)
        return pa.array(values, pa.int64(), mask=~present)

    def empty(self, length: int) -> dict[str, Array]:
        return {"value": np.full(length, self.identity, "<i8")}


class HeldDouble(Held):
    """A double. NaN is greater than all other numbers, as in Lapwing's SQL; -0.0 is 0.0."""

    columns = (StateColumn("value", "<f8"),)

    def sql(self, engine: Dialect, aggregate: Aggregate, x: str) -> str:
        return engine.double(f"COALESCE({aggregate(engine.double(x))} + 0e0, 0)")

    def ranks(self, columns: Columns) -> Ints:
        bits = np.where(np.isnan(columns["value"]), np.nan, columns["value"] + 0.0).view(np.int64)
        return np.where(bits < 0, LEAST - bits, bits) if len(bits) else bits

    def arrow(self, columns: Columns, present: npt.NDArray[np.bool_]) -> pa.Array:
        """float64"""
        return pa.array(columns["value"].astype(np.float64, copy=False), pa.float64(), mask=~present)

    def empty(self, length: int) -> dict[str, Array]:
        return {"value": np.zeros(length, "<f8")}


class HeldText(Held):
    """A text: its UTF-8 bytes, which also order it."""

    columns = (StateColumn("length", "<i8"), StateColumn("value", "|u1", of="length"))

    def sql(self, engine: Dialect, aggregate: Aggregate, x: str) -> str:
        return engine.as_text(aggregate(engine.in_bytes(x)))

    def ranks(self, columns: Columns) -> Ints:
        return ranks(texts(columns["length"], columns["value"]))

    def arrow(self, columns: Columns, present: npt.NDArray[np.bool_]) -> pa.Array:
        """string"""
        values = texts(columns["length"], columns["value"]).cast(pa.string())
        return pc.if_else(pa.array(present), values, pa.scalar(None, pa.string()))

    def empty(self, length: int) -> dict[str, Array]:
        size, data = lengths_and_data(pa.nulls(length, pa.large_binary()))
        return {"length": size, "value": data}


def held_for(argument: Argument, identity: int = 0) -> Held | None:
    """How values of this type are held, None where they can't be."""
    match argument.kind:
        case Kind.FLOAT:
            return HeldDouble()
        case Kind.TEXT:
            return HeldText()
        case Kind.INTEGER:
            return HeldInteger(argument, identity) if argument.bits <= 64 else None
        case Kind.DECIMAL:
            return HeldInteger(argument, identity) if argument.digits <= 18 else None
        case Kind.BOOLEAN:
            return HeldInteger(argument, identity)
    return HeldInteger(argument, identity) if argument.kind in _MOMENTS else None
