"""Parameters of statements: of which type they are, and their values as SQL that can't be anything but a value."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from lapwing.model.problem import WrongUse
from lapwing.server.postgres import types
from lapwing.server.postgres.binary import EPOCH_MICROS
from lapwing.server.postgres.catalog.names import to_engine
from lapwing.server.postgres.rows import format_of
from lapwing.server.postgres.scan import tokens
from lapwing.server.postgres.types import BY_OID, ELEMENTS, PgType
from lapwing.sources.quote import text as quoted
from lapwing.sql.text import Edit, Letters

MOST = 65_535


@dataclass(frozen=True, slots=True)
class Values:
    """What a client has bound: values as it sent them, their formats, and the types that were agreed on."""

    types: Sequence[int]
    formats: Sequence[int]
    values: Sequence[bytes | None]

    def literals(self, plain: bool) -> list[str]:
        """Each as SQL. `plain` leaves out their types, where the statement is read by others than the engine.

        Raises:
            WrongUse: a value is none of its type.
        """
        found = []
        for number, value in enumerate(self.values):
            kind = BY_OID.get(self.types[number] if number < len(self.types) else 0, types.TEXT)
            found.append(_literal(kind, format_of(self.formats, number), value, plain, number + 1))
        return found


def count(text: str) -> int:
    """How many parameters a statement has."""
    return max((int(one.text[1:]) for one in tokens(text) if one.kind == "parameter"), default=0)


def filled(text: str, literals: Sequence[str]) -> list[Edit]:
    """The values in the places of the statement's parameters.

    Raises:
        WrongUse: there are fewer than it needs.
    """
    edits, letters = [], Letters(text)
    for one in tokens(text):
        if one.kind == "parameter":
            number = int(one.text[1:])
            if number > len(literals):
                raise WrongUse.of("bad-parameter", f"There is no value for ${number}.", hint="Bind one value for each.")
            edits.append(letters.edit(one.start, one.end, literals[number - 1]))
    return edits


def unknown(kinds: Sequence[int], plain: bool) -> list[str]:
    """Stand-ins for values that are not there yet, so that a statement can be planned: nulls of their types."""
    found = []
    for oid in kinds:
        engine = to_engine(BY_OID.get(oid, types.TEXT))
        found.append(_example(oid) if plain else f"CAST(NULL AS {engine})" if engine else "NULL")
    return found


def _example(oid: int) -> str:
    kind = BY_OID.get(oid, types.TEXT)
    return {"N": "1", "B": "true", "D": "'2000-01-01'"}.get(kind.category, "''")


def _literal(kind: PgType, form: int, value: bytes | None, plain: bool, number: int) -> str:
    if value is None:
        return unknown([kind.oid], plain=False)[0]
    try:
        said = _binary(kind, value) if form == 1 else value.decode()
        elements = _binary_elements(kind, value) if form == 1 and kind.category == "A" else None
    except (struct.error, ValueError, IndexError, OverflowError, ArithmeticError) as error:
        says = f"The value of ${number} is no {kind.sql} in binary form."
        raise WrongUse.of("bad-parameter", says) from error
    if "\0" in said:
        raise WrongUse.of("bad-parameter", f"The value of ${number} holds a zero byte.")
    if kind.category == "A":
        return _list(ELEMENTS[kind.oid], _elements(said) if elements is None else elements, plain)
    return _scalar(kind, said, plain)


def _list(kind: PgType, elements: list[str | None], plain: bool) -> str:
    parts = ["NULL" if one is None else _scalar(kind, one, plain) for one in elements]
    return f"CAST([{', '.join(parts)}] AS {to_engine(kind) or 'VARCHAR'}[])"


def _scalar(kind: PgType, said: str, plain: bool) -> str:
    engine = to_engine(kind)
    if engine is None:
        return quoted(said)
    if plain:
        return said if kind.category == "N" and _is_number(said) else quoted(said)
    if kind is types.NUMERIC and _is_number(said):
        return f"CAST({quoted(said)} AS {_decimal(said)})"
    if kind is types.BYTEA:
        return f"unhex({quoted(said.removeprefix(chr(92) + 'x'))})"
    return f"CAST({quoted(said)} AS {engine})"


def _is_number(said: str) -> bool:
    try:
        return Decimal(said).is_finite()
    except ArithmeticError:
        return False


def _decimal(said: str) -> str:
    """The narrowest decimal that holds the number, so that nothing of it is rounded."""
    _, digits, exponent = Decimal(said).as_tuple()
    scale = max(0, -int(exponent))
    width = max(len(digits) + max(0, int(exponent)), scale, 1)
    return f"DECIMAL({width}, {scale})" if width <= 38 else "DOUBLE"


def _binary(kind: PgType, value: bytes) -> str:
    if kind is types.BOOL:
        return "true" if struct.unpack("!?", value)[0] else "false"
    if kind in _NUMBERS:
        return str(struct.unpack(_NUMBERS[kind], value)[0])
    if kind is types.NUMERIC:
        return _numeric(value)
    if kind is types.DATE:
        return (date(2000, 1, 1) + timedelta(days=struct.unpack("!i", value)[0])).isoformat()
    if kind in (types.TIMESTAMP, types.TIMESTAMPTZ):
        moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=struct.unpack("!q", value)[0] + EPOCH_MICROS)
        return moment.isoformat() if kind is types.TIMESTAMPTZ else moment.replace(tzinfo=None).isoformat()
    if kind is types.TIME:
        micros = timedelta(microseconds=struct.unpack("!q", value)[0])
        return (datetime.fromtimestamp(0, UTC) + micros).time().isoformat()
    if kind is types.INTERVAL:
        micros, days, months = struct.unpack("!qii", value)
        return f"{months} months {days} days {micros} microseconds"
    if kind is types.UUID:
        digits = value.hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    if kind is types.BYTEA:
        return value.hex()
    return "" if kind.category == "A" else value.decode()


_NUMBERS = {types.INT2: "!h", types.INT4: "!i", types.INT8: "!q", types.OID: "!I", types.FLOAT4: "!f",
            types.FLOAT8: "!d"}  # fmt: skip


def _numeric(value: bytes) -> str:
    groups, weight, sign, scale = struct.unpack_from("!hhHh", value)
    if sign not in (0, 0x4000):
        return "NaN"
    digits = struct.unpack_from(f"!{groups}h", value, 8)
    found = sum((Decimal(digit).scaleb(4 * (weight - place)) for place, digit in enumerate(digits)), Decimal(0))
    return f"{'-' if sign else ''}{found:.{max(0, scale)}f}"


def _binary_elements(kind: PgType, value: bytes) -> list[str | None]:
    dimensions, _, oid = struct.unpack_from("!iiI", value)
    if dimensions == 0:
        return []
    if dimensions != 1:
        raise WrongUse.of("bad-parameter", "Arrays of more than one dimension can't be parameters.")
    (size,) = struct.unpack_from("!i", value, 12)
    element, at, found = BY_OID.get(oid, ELEMENTS[kind.oid]), 20, list[str | None]()
    for _ in range(size):
        if at + 4 > len(value):
            raise WrongUse.of("bad-parameter", "The array is cut.")
        (length,) = struct.unpack_from("!i", value, at)
        at += 4
        found.append(None if length < 0 else _binary(element, value[at : at + length]))
        at += max(0, length)
    return found


def _elements(said: str) -> list[str | None]:
    r"""The elements of an array's text.

    >>> _elements('{a,"b \\"c\\"",NULL,""}')
    ['a', 'b "c"', None, '']
    """
    inner = said.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        raise WrongUse.of("bad-parameter", f"{said} is no array; write it as {{1,2}}.")
    found: list[str | None] = []
    word, written, inside, escaped = "", False, False, False
    for sign in inner[1:-1] + ",":
        if escaped:
            word, escaped = word + sign, False
        elif sign == "\\":
            escaped = True
        elif sign == '"':
            inside, written = not inside, True
        elif sign == "," and not inside:
            found.append(None if word.upper() == "NULL" and not written else word)
            word, written = "", False
        else:
            word += sign
    return [] if inner[1:-1].strip() == "" else found
