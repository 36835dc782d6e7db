"""A statement with its values as the handle that clients send back: the server keeps nothing of it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lapwing.model.problem import WrongUse
from lapwing.query.service import Lapwing
from lapwing.server.postgres.catalog.names import to_engine
from lapwing.server.postgres.guess import guess
from lapwing.server.postgres.types import BY_OID
from lapwing.sources.types import arrow_type
from lapwing.sql.parameters import count, filled, found
from lapwing.sql.text import Letters, apply


@dataclass(frozen=True, slots=True)
class Statement:
    """`id`: under which the server lists it when it runs; `values`: a stream of Arrow with one row, or nothing."""

    id: str
    text: str
    values: bytes = b""

    def handle(self) -> bytes:
        return json.dumps([self.id, self.text, base64.b64encode(self.values).decode()]).encode()

    @classmethod
    def of(cls, handle: bytes) -> Statement:
        """
        Raises:
            WrongUse: it is no handle.
        """
        try:
            number, text, values = json.loads(handle)
            return cls(str(number), str(text), base64.b64decode(values))
        except (ValueError, TypeError, binascii.Error) as error:
            raise WrongUse.of("bad-message", "This is no handle of a statement.") from error

    @property
    def waits(self) -> bool:
        """Whether it needs values that it does not have."""
        return not self.values and count(self.text) > 0

    def sql(self) -> str:
        """The text with its values."""
        return filled(self.text, self._row()).text

    def _row(self) -> list[Any]:
        if not self.values:
            return []
        try:
            table = pa.ipc.open_stream(self.values).read_all()
        except (pa.ArrowException, OSError) as error:
            raise WrongUse.of("bad-message", "These are no values of parameters.") from error
        if table.num_rows != 1:
            says = f"A statement takes one row of parameters, not {table.num_rows}."
            raise WrongUse.of("bad-parameter", says)
        return [column[0].as_py() for column in table.columns]


def parameters(text: str, lapwing: Lapwing) -> pa.Schema:
    """The types of a statement's parameters, called by their numbers from 1; text where nothing tells, which is read as what
    stands beside it."""
    letters = Letters(text)
    marks = tuple(letters.edit(start, end, f"${number + 1}") for number, start, end in found(text))
    kinds = guess(apply(text, marks).text, count(text), lapwing)
    types = ((to_engine(BY_OID[oid]) if oid in BY_OID else None) or "VARCHAR" for oid in kinds)
    return pa.schema([(str(number), arrow_type(kind)) for number, kind in enumerate(types, 1)])
