"""One kept result as a file: its rows as a stream of Arrow, compressed, and behind them what there is to know of them.

    rows (Arrow IPC stream, zstd) | facts (JSON) | length and CRC-32 of the facts, 4 bytes each | MAGIC

A reader begins at the end. Whatever was cut, or has another bit than it was written with, is no result: the facts hold
the CRC-32 of the rows, which is reckoned before the first of them is told.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa

MAGIC: Final = b"LAPWING1"
_TAIL: Final = struct.Struct("<II8s")
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a kept result. `since`: when its sources began to be read (seconds of Unix time); `versions` by the
    paths of tables, None where they could not be told; `milliseconds` it took; `told_bytes` are those of its rows in memory,
    `billed` those that sources billed."""

    text: str
    since: float
    versions: Mapping[str, str] | None
    milliseconds: float
    rows: int
    told_bytes: int
    billed: int = 0


class Writing:
    """A result that is being written to the file `path`. Raises OSError where the disk does, and WriteOver beyond `most`
    bytes."""

    def __init__(self, path: Path, schema: pa.Schema, most: int) -> None:
        self._file = _Counted(path.open("xb"), most)
        self.path = path
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        self._rows = pa.ipc.new_stream(pa.PythonFile(self._file, "w"), schema, options=options)

    def write(self, batch: pa.RecordBatch) -> None:
        self._rows.write_batch(batch)

    def finish(self, facts: Facts) -> int:
        """Its size in bytes."""
        self._rows.close()
        known = {**asdict(facts), "size": self._file.size, "crc": self._file.crc}
        told = json.dumps(known).encode()
        self._file.write(told + _TAIL.pack(len(told), zlib.crc32(told), MAGIC))
        self._file.file.close()
        return self._file.size

    def drop(self) -> None:
        """Removes what was written."""
        try:
            self._file.file.close()
            self.path.unlink(missing_ok=True)
        except OSError:
            return  # it is swept as what is left of others


class WriteOver(Exception):
    """The result is larger than one may be."""


class _Counted:
    """What the writer of Arrow writes into."""

    closed = False

    def __init__(self, file: BinaryIO, most: int) -> None:
        self.file, self._most = file, most
        self.size = 0
        self.crc = 0

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self.size += view.nbytes
        if self.size > self._most:
            raise WriteOver
        self.crc = zlib.crc32(view, self.crc)
        self.file.write(view)
        return view.nbytes

    def flush(self) -> None:
        """The file is read by nobody before it is whole."""

    def tell(self) -> int:
        return self.size


class Entry:
    """A kept result, open. Its file may be replaced or removed meanwhile; what is open stays."""

    def __init__(self, file: BufferedReader, facts: Facts) -> None:
        self._file, self.facts = file, facts

    @property
    def since(self) -> str:
        """When its sources began to be read (UTC ISO 8601)."""
        return told_time(self.facts.since)

    @classmethod
    def open(cls, path: Path, good: Callable[[Facts], bool]) -> Entry | None:
        """The result in the file; None where its facts are not `good`.

        Raises:
            FileNotFoundError: there is none. OSError, ValueError: it is damaged.
        """
        file = path.open("rb")
        try:
            known = _known(file)
            size, crc = known.pop("size"), known.pop("crc")
            facts = Facts(**known)
            if not good(facts):
                file.close()
                return None
            if _crc(file, size) != crc:
                raise ValueError("its rows are damaged")
            file.seek(0)
            return cls(file, facts)
        except (OSError, KeyError, TypeError) as error:
            file.close()
            raise ValueError(str(error)) from error
        except ValueError:
            file.close()
            raise

    def schema(self) -> pa.Schema:
        """That of its rows, before they are read."""
        self._file.seek(0)
        found = pa.ipc.read_schema(pa.PythonFile(self._file, "r"))
        self._file.seek(0)
        return found

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with self._file, pa.ipc.open_stream(pa.PythonFile(self._file, "r")) as rows:
            yield from rows

    def table(self) -> pa.Table:
        """All rows at once, with the schema that they were written with. Raises OSError, ValueError where the disk does."""
        with self._file, pa.ipc.open_stream(pa.PythonFile(self._file, "r")) as rows:
            return rows.read_all()

    def close(self) -> None:
        self._file.close()


def told_time(moment: float) -> str:
    """Seconds of Unix time as UTC ISO 8601, to the millisecond."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def facts_of(path: Path) -> Facts | None:
    """What is known of a kept result, without a look at its rows; None where it is none."""
    try:
        with path.open("rb") as file:
            known = _known(file)
            return Facts(**{key: value for key, value in known.items() if key not in ("size", "crc")})
    except (OSError, ValueError, TypeError):
        return None


def _known(file: BufferedReader) -> dict[str, Any]:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _TAIL.size))
    tail = file.read(_TAIL.size)
    length, crc, magic = _TAIL.unpack(tail) if len(tail) == _TAIL.size else (0, 0, b"")
    if magic != MAGIC or length > end - _TAIL.size:
        raise ValueError("it was cut")
    file.seek(end - _TAIL.size - length)
    told = file.read(length)
    if zlib.crc32(told) != crc:
        raise ValueError("its facts are damaged")
    known: dict[str, Any] = json.loads(told)
    if known["size"] != end - _TAIL.size - length:
        raise ValueError("it has another length")
    return known


def _crc(file: BufferedReader, size: int) -> int:
    file.seek(0)
    crc = 0
    while size > 0 and (chunk := file.read(min(_CHUNK, size))):
        crc = zlib.crc32(chunk, crc)
        size -= len(chunk)
    return crc
