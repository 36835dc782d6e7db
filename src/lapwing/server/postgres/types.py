"""Arrow's types as PostgreSQL's: the number that clients know a type by, its size and its modifier."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.types as kinds


@dataclass(frozen=True, slots=True)
class PgType:
    """`size` in bytes, -1 where it varies. `array` is the number of the type of its arrays."""

    oid: int
    name: str
    size: int
    category: str
    array: int = 0
    shown: str = ""

    @property
    def sql(self) -> str:
        """Its name in SQL."""
        return self.shown or self.name


BOOL = PgType(16, "bool", 1, "B", 1000, "boolean")
BYTEA = PgType(17, "bytea", -1, "U", 1001)
CHAR = PgType(18, "char", 1, "Z", 1002, '"char"')
NAME = PgType(19, "name", 64, "S", 1003)
INT8 = PgType(20, "int8", 8, "N", 1016, "bigint")
INT2 = PgType(21, "int2", 2, "N", 1005, "smallint")
INT4 = PgType(23, "int4", 4, "N", 1007, "integer")
TEXT = PgType(25, "text", -1, "S", 1009)
OID = PgType(26, "oid", 4, "N", 1028)
JSON = PgType(114, "json", -1, "U", 199)
FLOAT4 = PgType(700, "float4", 4, "N", 1021, "real")
FLOAT8 = PgType(701, "float8", 8, "N", 1022, "double precision")
UNKNOWN = PgType(705, "unknown", -2, "X")
BPCHAR = PgType(1042, "bpchar", -1, "S", 1014, "character")
VARCHAR = PgType(1043, "varchar", -1, "S", 1015, "character varying")
DATE = PgType(1082, "date", 4, "D", 1182)
TIME = PgType(1083, "time", 8, "D", 1183, "time without time zone")
TIMESTAMP = PgType(1114, "timestamp", 8, "D", 1115, "timestamp without time zone")
TIMESTAMPTZ = PgType(1184, "timestamptz", 8, "D", 1185, "timestamp with time zone")
INTERVAL = PgType(1186, "interval", 16, "T", 1187)
NUMERIC = PgType(1700, "numeric", -1, "N", 1231)
UUID = PgType(2950, "uuid", 16, "U", 2951)

SCALARS = (
    BOOL, BYTEA, CHAR, NAME, INT8, INT2, INT4, TEXT, OID, JSON, FLOAT4, FLOAT8, UNKNOWN, BPCHAR, VARCHAR, DATE, TIME,
    TIMESTAMP, TIMESTAMPTZ, INTERVAL, NUMERIC, UUID,
)  # fmt: skip
ARRAYS = tuple(PgType(one.array, f"_{one.name}", -1, "A", shown=f"{one.sql}[]") for one in SCALARS if one.array)
BY_OID = {one.oid: one for one in (*SCALARS, *ARRAYS)}
ELEMENTS = {one.array: one for one in SCALARS if one.array}
"""What the arrays of a number are made of."""


def of_arrow(type_: pa.DataType) -> PgType:
    """The type that values of an Arrow type are sent as. What PostgreSQL has no type for is JSON.

    >>> of_arrow(pa.int32()).name, of_arrow(pa.list_(pa.string())).name, of_arrow(pa.uint64()).name
    ('int4', '_text', 'numeric')
    """
    if kinds.is_dictionary(type_):
        return of_arrow(type_.value_type)
    if kinds.is_timestamp(type_):
        return TIMESTAMP if type_.tz is None else TIMESTAMPTZ
    if is_list(type_):
        element = of_arrow(type_.value_type)
        return BY_OID[element.array] if element.array and element is not JSON else JSON
    if isinstance(type_, pa.BaseExtensionType):
        return UUID if type_.extension_name == "arrow.uuid" else JSON
    return next((found for holds, found in _KINDS if holds(type_)), JSON)


OID_MARK = {"postgres": "oid"}
"""The metadata of a field of numbers that are oids."""


def of_field(field: pa.Field) -> PgType:
    """As `of_arrow`; a catalog's oids, and lists of them, are marked."""
    if field.metadata and b"postgres" in field.metadata:
        return BY_OID[OID.array] if is_list(field.type) else OID
    return of_arrow(field.type)


def is_list(type_: pa.DataType) -> bool:
    return bool(kinds.is_list(type_) or kinds.is_large_list(type_) or kinds.is_fixed_size_list(type_))


_KINDS = (
    (kinds.is_boolean, BOOL),
    (kinds.is_int8, INT2),
    (kinds.is_int16, INT2),
    (kinds.is_uint8, INT2),
    (kinds.is_int32, INT4),
    (kinds.is_uint16, INT4),
    (kinds.is_int64, INT8),
    (kinds.is_uint32, INT8),
    (kinds.is_uint64, NUMERIC),
    (kinds.is_decimal, NUMERIC),
    (kinds.is_float16, FLOAT4),
    (kinds.is_float32, FLOAT4),
    (kinds.is_float64, FLOAT8),
    (kinds.is_string, TEXT),
    (kinds.is_large_string, TEXT),
    (kinds.is_string_view, TEXT),
    (kinds.is_null, TEXT),
    (kinds.is_binary, BYTEA),
    (kinds.is_large_binary, BYTEA),
    (kinds.is_fixed_size_binary, BYTEA),
    (kinds.is_binary_view, BYTEA),
    (kinds.is_date, DATE),
    (kinds.is_time, TIME),
    (kinds.is_interval, INTERVAL),
    (kinds.is_duration, INTERVAL),
)


def modifier(type_: pa.DataType) -> int:
    """What RowDescription says beside the number: precision and scale of decimals; -1 for all others."""
    return ((type_.precision << 16) | type_.scale) + 4 if kinds.is_decimal(type_) else -1
