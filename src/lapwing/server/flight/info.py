"""What the server says of itself: SqlInfo of FlightSql.proto, as a dense union."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from lapwing import __version__
from lapwing.server.flight.message import Fields, numbers

COMMAND = "CommandGetSqlInfo"
_KINDS = pa.dense_union(
    [
        pa.field("string_value", pa.string()),
        pa.field("bool_value", pa.bool_()),
        pa.field("bigint_value", pa.int64()),
        pa.field("int32_bitmask", pa.int32()),
        pa.field("string_list", pa.list_(pa.field("string_data", pa.string()))),
        pa.field("int32_to_int32_list_map", pa.map_(pa.int32(), pa.list_(pa.int32()))),
    ]
)
SCHEMA = pa.schema([pa.field("info_name", pa.uint32(), nullable=False), pa.field("value", _KINDS, nullable=False)])
_TEXT, _TRUTH, _NUMBER = 0, 1, 2
_SAYS: dict[int, tuple[int, str | bool | int]] = {
    0: (_TEXT, "Lapwing"),
    1: (_TEXT, __version__),
    2: (_TEXT, pa.__version__),
    3: (_TRUTH, True),  # it only reads
    4: (_TRUTH, True),  # SQL
    5: (_TRUTH, False),  # Substrait
    8: (_NUMBER, 0),  # no transactions
    9: (_TRUTH, True),  # statements can be cancelled
    500: (_TRUTH, False),  # catalogs, schemas and tables are not made here
    501: (_TRUTH, False),
    502: (_TRUTH, False),
    504: (_TEXT, '"'),  # what names are quoted by
}
"""By the numbers of SqlInfo: the kind of the value, and the value."""


def answer(fields: Fields) -> pa.Table:
    """What is asked for, or all of it; what is not known is left out."""
    asked = list(numbers(fields, 1))
    known = [(name, *_SAYS[name]) for name in asked or _SAYS if name in _SAYS]
    children: list[list[object]] = [[] for _ in range(_KINDS.num_fields)]
    offsets = []
    for _, kind, value in known:
        offsets.append(len(children[kind]))
        children[kind].append(value)
    kinds = pa.array([kind for _, kind, _ in known], pa.int8())
    arrays = [pa.array(values, field.type) for values, field in zip(children, _fields(), strict=True)]
    names = [field.name for field in _fields()]
    values = pa.UnionArray.from_dense(kinds, pa.array(offsets, pa.int32()), arrays, names)
    return pa.Table.from_arrays([pa.array([name for name, _, _ in known], pa.uint32()), values], schema=SCHEMA)


def _fields() -> Iterator[pa.Field]:
    return (_KINDS.field(at) for at in range(_KINDS.num_fields))
