"""Where files of a source are: this machine's disk, or object storage (`object_disk.py`), by one interface."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any, Literal

from lapwing.model.problem import SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.file_sets import KINDS, FileSet, StoredFile, known, literal, one_set, sets_of, stem


class Disk(ABC):
    """The files of one source."""

    root: PurePath
    """What paths are shown from."""

    @abstractmethod
    def sets(self) -> dict[str, FileSet]:
        """Tables by name, with their files as they are now.

        Raises:
            SourceError: what the source names is not there, may not be read, or is out of reach.
        """

    @abstractmethod
    def filesystem(self) -> Any:
        """The `pyarrow.fs.FileSystem` that reads `str(file.path)`."""

    @abstractmethod
    def engine_name(self, file: StoredFile) -> str:
        """What the engine reads the file by."""

    @abstractmethod
    def open(self, file: StoredFile) -> IO[bytes]:
        """The file's bytes."""

    def explained(self) -> AbstractContextManager[None]:
        """What the disk answers, in our words, where its own would say too little."""
        return nullcontext()

    @abstractmethod
    def forget(self) -> None:
        """The next look is a new one."""


class LocalDisk(Disk):
    """This machine's."""

    def __init__(self, config: SourceConfig) -> None:
        assert config.path is not None
        self._name, self._path, self._place = config.name, config.path, config.place
        self.root = config.path.parent.parent if "*" in config.path.name else config.path.parent

    def sets(self) -> dict[str, FileSet]:
        path = self._path
        if "*" in path.name:
            found = _known(path.parent.glob(path.name))
            if not found:
                raise SourceError.of(
                    "missing-path",
                    f"The source {self._name} reads {path}, and no file is called so.",
                    place=self._place,
                    hint=f"It reads {', '.join(KINDS)}.",
                )
            return one_set(literal(path.name) or path.parent.name, found)
        if path.is_file():
            return one_set(stem(path), [_stored(path)])
        if not path.is_dir():
            raise SourceError.of(
                "missing-path",
                f"The source {self._name} reads {path}, which is not there.",
                place=self._place,
                hint="Mend the path in lapwing.yaml, or put the data there.",
            )
        with os.scandir(path) as entries:
            return sets_of(path.name, {(entry.name, entry.is_dir()): list(_within(entry)) for entry in entries})

    def filesystem(self) -> Any:
        import pyarrow.fs as fs

        return fs.LocalFileSystem()

    def engine_name(self, file: StoredFile) -> str:
        return str(file.path)

    def open(self, file: StoredFile) -> IO[bytes]:
        return Path(file.path).open("rb")

    def forget(self) -> None:
        """Every look is a new one."""


def _known(files: Iterable[Path]) -> list[StoredFile]:
    return [_stored(file) for file in files if known(file) and file.is_file()]


def _within(entry: os.DirEntry[str], linked: bool = True) -> Iterator[StoredFile]:
    """The file that it is, or those below it. Every statement looks, so it is asked for as little as can be. A link to a
    folder is followed where it lies in the source's own, so there is no way round in a ring."""
    with suppress(PermissionError, FileNotFoundError):  # what has gone meanwhile is not there
        if entry.is_dir(follow_symlinks=linked):
            with os.scandir(entry) as entries:
                for one in entries:
                    yield from _within(one, linked=False)
        elif known(path := Path(entry.path)) and entry.is_file():
            stat = entry.stat()
            yield StoredFile(path, stat.st_size, stat.st_mtime_ns)


def _stored(file: Path) -> StoredFile:
    stat = file.stat()
    return StoredFile(file, stat.st_size, stat.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A file to be opened, as a `pathlib.Path` is."""

    disk: Disk
    file: StoredFile

    @property
    def name(self) -> str:
        return self.file.path.name

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        return self.disk.open(self.file)
