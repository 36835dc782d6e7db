"""By-products as rows of the store: what each is, and the states that it holds. Both carry a digest of themselves."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from lapwing.cache.arrow_states import no_dimensions
from lapwing.cache.byproduct import ByProduct
from lapwing.cache.frame import StateFrame
from lapwing.cache.stores.cell import DIGEST_BYTES, pack, unpack
from lapwing.model.problem import StoreError
from lapwing.states.base import Array, Columns

FORMAT: Final = 1
_LENGTH = struct.Struct(">I")


def encode(one: ByProduct) -> bytes:
    """The row that says what a by-product is."""
    head = {
        "format": FORMAT,
        "meaning": one.meaning.hex(),
        "measures": one.measures,
        "by": one.by,
        "conditions": one.conditions,
        "mark": one.mark,
        "digest": one.digest,
        "as_of": one.as_of,
        "span": one.span,
        "until": one.until,
        "cost": one.cost,
        "bytes": one.bytes,
        "rows": one.rows,
    }
    return pack(_joined(head, one.edges.astype("<i8").tobytes()))


def decode(token: bytes, row: bytes) -> ByProduct:
    """What `encode` was given.

    Raises:
        StoreError: the row is damaged, or another Lapwing wrote it.
    """
    try:
        head, rest = _parted(unpack(row))
        if head.pop("format") != FORMAT:
            raise ValueError("another format")
        listed = {
            text: None if one is None else (str(one[0]), tuple(one[1])) for text, one in head.pop("conditions").items()
        }
        return ByProduct(
            id=token,
            meaning=bytes.fromhex(head.pop("meaning")),
            measures=tuple(head.pop("measures")),
            by=tuple(head.pop("by")),
            conditions=listed,
            span=tuple(head.pop("span")),
            edges=np.frombuffer(rest, "<i8").astype(np.int64),
            **head,
        )
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise _damaged(error) from error


def encode_states(frame: StateFrame) -> bytes:
    """The row that holds a by-product's states; columns that measures share are written once."""
    arrays: list[Array] = [frame.group, frame.bucket]
    shared: dict[int, dict[str, int]] = {}
    states: dict[str, dict[str, int]] = {}
    for measure, columns in frame.states.items():
        if id(columns) not in shared:
            shared[id(columns)] = {suffix: len(arrays) + number for number, suffix in enumerate(columns)}
            arrays += columns.values()
        states[measure] = shared[id(columns)]
    groups = b""
    if frame.groups.num_columns:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, frame.groups.schema) as writer:
            writer.write_table(frame.groups)
        groups = sink.getvalue().to_pybytes()
    head = {"groups": len(groups), "states": states, "arrays": [(one.dtype.str, len(one)) for one in arrays]}
    return pack(_joined(head, groups, *(one.tobytes() for one in arrays)))


def decode_states(row: bytes, one: ByProduct) -> StateFrame:
    """What `encode_states` was given. Raises as `decode`; also where they are not the states of this by-product: somebody
    who answered the same at another moment is just writing."""
    try:
        if row[:DIGEST_BYTES].hex() != one.digest:
            raise ValueError("other states are in its place")
        head, rest = _parted(unpack(row))
        at = int(head["groups"])
        groups = pa.ipc.open_stream(rest[:at]).read_all() if at else no_dimensions()
        arrays: list[Array] = []
        for dtype, length in head["arrays"]:
            kind = np.dtype(dtype)
            arrays.append(np.frombuffer(rest, kind, length, at).copy())
            at += kind.itemsize * length
        states: Mapping[str, Columns] = {
            measure: {suffix: arrays[number] for suffix, number in columns.items()}
            for measure, columns in head["states"].items()
        }
        return StateFrame(groups=groups, group=arrays[0], bucket=arrays[1], states=states)
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise _damaged(error) from error


def _joined(head: Mapping[str, object], *parts: bytes) -> bytes:
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return b"".join((_LENGTH.pack(len(text)), text, *parts))


def _parted(value: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = _LENGTH.unpack_from(value)
    end = _LENGTH.size + length
    return json.loads(value[_LENGTH.size : end].decode("utf-8", "surrogatepass")), value[end:]


def _damaged(error: Exception) -> StoreError:
    problem = StoreError.of("store-damaged", f"A by-product in the rollup store is damaged: {error}.")
    assert isinstance(problem, StoreError)
    return problem
