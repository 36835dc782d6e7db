"""COPY (SELECT ...) TO STDOUT: what it asks for, and the lines that its rows become."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.model.problem import LapwingError, Refused, WrongUse
from lapwing.server.postgres.binary import fixed
from lapwing.server.postgres.scan import BEFORE
from lapwing.server.postgres.text import text_of

_OUT = re.compile(rf"{BEFORE}copy\s*\((?P<query>.*)\)\s*to\s+stdout\b(?P<options>.*)", re.IGNORECASE | re.DOTALL)
_INTO = re.compile(r"\bfrom\s+(?:stdin|program|')", re.IGNORECASE)
_OPTION = re.compile(r"(?:format\s+)?'?(?P<form>text|csv|binary)'?|header(?:\s+(?P<header>true|false|on|off|1|0))?")
_ESCAPES = {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_WAYS = "Write COPY (SELECT ...) TO STDOUT, with (FORMAT csv, HEADER) if you like."


@dataclass(frozen=True, slots=True)
class Copy:
    """Without `csv` its lines are PostgreSQL's text."""

    query: str
    csv: bool = False
    header: bool = False


def begin(text: str) -> int:
    """The character of a COPY where its query begins; 0 where there is none."""
    found = _OUT.fullmatch(text)
    return found.start("query") if found else 0


def read(text: str) -> Copy:
    """
    Raises:
        WrongUse: it would write, or does not parse. Refused: it is of a kind that is not there.

    >>> read("copy (select 1) to stdout with csv header")
    Copy(query='select 1', csv=True, header=True)
    """
    found = _OUT.fullmatch(text)
    if found is None:
        raise _other(text)
    form, header = "text", False
    for option in _options(found["options"]):
        one = _OPTION.fullmatch(option)
        if one is None:
            hint = "FORMAT text or csv, and HEADER, are all there is."
            raise Refused.of("not-implemented", f"COPY's option {option} is not there.", hint=hint)
        form = one["form"] or form
        header = header if one["form"] else one["header"] not in ("false", "off", "0")
    if form == "binary":
        raise Refused.of("not-implemented", "COPY in binary is not there.", hint="Write FORMAT csv, or text.")
    return Copy(found["query"], form == "csv", header)


def _options(text: str) -> list[str]:
    """In small letters: those of a list in brackets, or the older ones between blanks."""
    plain = re.sub(r"\A\s*with\b", "", text.lower()).strip()
    if plain.startswith("(") and plain.endswith(")"):
        return [" ".join(one.split()) for one in plain[1:-1].split(",")]
    return plain.split()


def _other(text: str) -> LapwingError:
    """Why it is none that is answered."""
    if re.search(r"\bto\s+(?:program\b|')", text, re.IGNORECASE):
        hint = r"Write TO STDOUT, which psql's \copy puts into a file of yours."
        return Refused.of("not-allowed", "COPY writes no file of the server and runs no program.", hint=hint)
    if _INTO.search(text):
        hint = f"Write to the source itself. {_WAYS}"
        return WrongUse.of("not-a-query", "COPY FROM would write, and Lapwing only reads.", hint=hint)
    if re.search(r"\bto\s+stdout\b", text, re.IGNORECASE):
        return Refused.of("not-implemented", "COPY of a table by its name is not there.", hint=_WAYS)
    return WrongUse.of("syntax", "The COPY does not parse.", hint=_WAYS)


def head(schema: pa.Schema, copy: Copy) -> bytes:
    """The line of the columns' names, as a message; nothing where none was asked for."""
    if not copy.header:
        return b""
    names = [pa.array([field.name.replace("\0", "").encode()], pa.binary()) for field in schema]
    return _messages([_escaped(one, copy) for one in names], 1, copy)


def lines(batch: pa.RecordBatch, copy: Copy) -> bytes:
    """The rows as CopyData messages, one each: d, its length, a line."""
    return _messages([_escaped(text_of(array), copy) for array in batch.columns], batch.num_rows, copy)


def _escaped(values: pa.Array, copy: Copy) -> pa.Array:
    values = values.cast(pa.large_binary()) if pa.types.is_large_binary(values.type) else values.cast(pa.binary())
    if copy.csv:
        quoted = pc.binary_join_element_wise(b'"', pc.replace_substring(values, b'"', b'""'), b'"', b"")
        needed = pc.or_(pc.equal(values, b""), pc.match_substring_regex(values, r'[",\r\n]|^\\\.$'))
        return pc.if_else(needed, quoted, values).fill_null(b"")
    for letter, written in _ESCAPES.items():
        values = pc.replace_substring(values, letter.encode(), written.encode())
    return values.fill_null(b"\\N")


def _messages(columns: list[pa.Array], count: int, copy: Copy) -> bytes:
    lengths = np.full(count, 5 + max(0, len(columns) - 1), dtype=np.int64)  # itself, separators, the line's end
    parts: list[pa.Array | bytes] = []
    for number, values in enumerate(columns):
        lengths += pc.binary_length(values).to_numpy(zero_copy_only=False)
        parts += [b"," if copy.csv else b"\t"] * (number > 0) + [values]
    start = np.zeros(count, dtype=[("d", "S1"), ("length", ">u4")])
    start["d"], start["length"] = b"d", lengths
    joined: bytes = b"".join(pc.binary_join_element_wise(fixed(start), *parts, b"\n", b"").to_pylist())
    return joined
