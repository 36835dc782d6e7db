"""Object storage as the engine reads it: a file system of its own for each source.

The engine takes any of fsspec's. What is listed is not asked for again: names, sizes and times are those of the source's
latest listing, so one statement reads one state of it, and the engine's own cache knows which bytes are still true.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from fsspec import AbstractFileSystem

from lapwing.model.problem import LapwingError, SourceError
from lapwing.sources.file_sets import StoredFile
from lapwing.sources.object_disk import ObjectDisk
from lapwing.sources.told import Told

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TAIL: Final = 1 << 16
"""Bytes at a file's end that are read at once: a footer is read in two steps, and most are smaller."""


class EngineFiles(AbstractFileSystem):  # type: ignore[misc]
    """The files of one source."""

    cachable: ClassVar[bool] = False

    def __init__(self, disk: ObjectDisk) -> None:
        super().__init__()
        self.protocol = disk.protocol
        self._disk = disk

    def glob(self, path: str, **_: Any) -> list[str]:
        return [self._path(path)]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        file = self._file(path)
        return {"name": path, "size": file.size, "type": "file"}

    def modified(self, path: str) -> datetime:
        """Another whenever the file is: S3 tells seconds alone, so its size is told in their fractions."""
        file = self._file(path)
        return _EPOCH + timedelta(microseconds=file.written // 1_000 + file.size % 1_000_000)

    def _open(self, path: str, mode: str = "rb", **_: Any) -> _Reader:
        return _Reader(self._disk, self._file(path))

    def _file(self, path: str) -> StoredFile:
        found = self._disk.listed(self._path(path))
        if found is None:
            says = f"{path} was removed while it was read."
            raise Told(SourceError.of("source-changed", says, hint="Ask again."))
        return found

    def _path(self, path: str) -> str:
        return path.removeprefix(f"{self.protocol}://")

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path


class _Reader:
    """A file at a position."""

    def __init__(self, disk: ObjectDisk, file: StoredFile) -> None:
        self._disk, self._file = disk, file
        self._position = 0
        self._tail: bytes | None = None

    def read(self, count: int = -1) -> bytes:
        start = self._position
        end = self._file.size if count < 0 else min(start + count, self._file.size)
        if end <= start:
            return b""
        found = self._read(start, end)
        self._position += len(found)
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self._file.size)[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        self._tail = None

    def _read(self, start: int, end: int) -> bytes:
        try:
            floor = max(0, self._file.size - _TAIL)
            if start < floor:
                return self._disk.read_at(self._file, end - start, start)
            if self._tail is None:
                self._tail = self._disk.read_at(self._file, self._file.size - floor, floor)
            return self._tail[start - floor : end - floor]
        except LapwingError as error:
            raise Told(error) from error
