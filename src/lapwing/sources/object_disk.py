"""Files in object storage: found by listing, and read a range of bytes at a time."""

from __future__ import annotations

import io
import re
import threading
import time
from collections import OrderedDict
from contextlib import AbstractContextManager, suppress
from pathlib import PurePosixPath
from typing import IO, Any, Final, cast

from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.disks import Disk
from lapwing.sources.file_sets import KINDS, FileSet, StoredFile, known, literal, one_set, sets_of, stem
from lapwing.sources.lake_errors import explain, in_our_words
from lapwing.sources.storage import filesystem, joined, protocol_of, split

_KEEPS: Final = 1.0
"""Seconds for which a listing is taken for the present: planning one question asks for it several times."""
_OPEN: Final = 1_000  # opening asks for a file's size once more, so what is open stays so
_MAGIC: Final = re.compile(r"[*?\[]")
_NO_BUCKET: Final = re.compile(
    r"NoSuchBucket|NO_SUCH_BUCKET|bucket does not exist|NOT_FOUND.*function=ListObjects", re.DOTALL
)


class ObjectDisk(Disk):
    """S3 or Google Cloud Storage."""

    def __init__(self, config: SourceConfig) -> None:
        assert config.uri is not None
        self._config, self._uri, self._place = config, config.uri, config.place
        _, path = split(config.uri)
        self._pattern = path if _MAGIC.search(path) else None
        self._base = _literal_folder(path) if self._pattern else path
        self.root = PurePosixPath(self._base).parent
        self._lock = threading.Lock()
        self._filesystem: Any = None
        self._seen: tuple[float, dict[str, FileSet]] | None = None
        self._listed_last: dict[str, StoredFile] = {}
        self._open: OrderedDict[StoredFile, Any] = OrderedDict()

    @property
    def protocol(self) -> str:
        """What names of the engine's for these files begin with: the source's own, for each has its own credentials."""
        return protocol_of(self._config.name)

    def sets(self) -> dict[str, FileSet]:
        with self._lock:
            seen = self._seen
        if seen is None or time.monotonic() - seen[0] > _KEEPS:
            with self.explained():
                seen = (time.monotonic(), self._look())
            with self._lock:
                self._seen = seen
                self._listed_last = {str(file.path): file for one in seen[1].values() for file in one.files}
        return seen[1]

    def listed(self, path: str) -> StoredFile | None:
        """A file of the latest listing."""
        with self._lock:
            return self._listed_last.get(path)

    def filesystem(self) -> Any:
        with self._lock:
            if self._filesystem is None:
                self._filesystem, _ = filesystem(self._uri, self._config.storage)
            return self._filesystem

    def engine_name(self, file: StoredFile) -> str:
        return f"{self.protocol}://{file.path}"

    def open(self, file: StoredFile) -> IO[bytes]:
        with self.explained():
            return cast(
                "IO[bytes]", io.BufferedReader(self.filesystem().open_input_stream(str(file.path), compression=None))
            )

    def read_at(self, file: StoredFile, count: int, offset: int) -> bytes:
        """Up to `count` bytes from `offset` on; from any thread."""
        with self.explained():
            with self._lock:
                opened = self._open.get(file)
            if opened is None:
                opened = self.filesystem().open_input_file(str(file.path))
                with self._lock:
                    self._open[file] = opened
                    while len(self._open) > _OPEN:
                        self._open.popitem(last=False)
            found: bytes = opened.read_at(count, offset)
            return found

    def forget(self) -> None:
        with self._lock:
            self._seen = None
            self._open.clear()

    def explained(self) -> AbstractContextManager[None]:
        """What the storage answers, in our words.

        Raises:
            SourceError: in the place of whatever else.
        """
        return in_our_words(self._says)

    def _says(self, error: Exception) -> LapwingError:
        if _NO_BUCKET.search(str(error)):
            return self._no_bucket()
        return explain(f"{self._config.name} ({self._uri})", self._place, error)

    def _look(self) -> dict[str, FileSet]:
        import pyarrow.fs as fs

        if self._pattern is not None:
            matches = _matcher(self._pattern)
            found = [file for file in self._below() if matches.fullmatch(str(file.path))]
            if not found:
                raise self._missing(f"and no file is called so. It reads {', '.join(KINDS)}.")
            last, folders = self._pattern.rsplit("/", 1)[-1], self._pattern.rsplit("/", 1)[0]
            own = literal(last) if folders == self._base else ""
            return one_set(own or PurePosixPath(self._base).name, found)
        base = PurePosixPath(self._base)
        if known(base):
            info = self.filesystem().get_file_info(self._base)
            if info.type == fs.FileType.File:
                return one_set(stem(base), [_stored(info)])
        entries: dict[tuple[str, bool], list[StoredFile]] = {}
        for file in self._below():
            inside = file.path.relative_to(base).parts
            entries.setdefault((inside[0], len(inside) > 1), []).append(file)
        if not entries:
            raise self._missing("where no file is that can be read.")
        return sets_of(base.name, entries)

    def _below(self) -> list[StoredFile]:
        """The files below the base that could be read, those in folders for leavings (`_temporary`) left out."""
        import pyarrow.fs as fs

        disk, base = self.filesystem(), PurePosixPath(self._base)
        infos = disk.get_file_info(fs.FileSelector(self._base, recursive=True, allow_not_found=True))
        if not infos and "/" not in self._base:
            disk.get_file_info(fs.FileSelector(self._base))  # an error where there is no such bucket
        files = (_stored(info) for info in infos if info.is_file)
        return [
            file
            for file in files
            if known(file.path) and not any(part[:1] in "._" for part in file.path.relative_to(base).parts)
        ]

    def _missing(self, why: str) -> LapwingError:
        """The path is not there; perhaps one near it is."""
        import pyarrow.fs as fs

        disk, base = self.filesystem(), PurePosixPath(self._base)
        near: tuple[str, ...] = ()
        if len(base.parts) > 1:
            beside = disk.get_file_info(fs.FileSelector(str(base.parent), allow_not_found=True))
            if not beside:
                disk.get_file_info(fs.FileSelector(base.parts[0]))  # an error where there is no such bucket
            near = tuple(joined(self._uri, str(base.parent / name)) for name in _near(base.name, beside))
        return SourceError.of(
            "missing-path",
            f"The source {self._config.name} reads {self._uri}, {why}",
            place=self._place,
            nearest=near,
            hint="Mend the path in lapwing.yaml, or put the data there.",
        )

    def _no_bucket(self) -> LapwingError:
        import pyarrow.fs as fs

        bucket = PurePosixPath(self._base).parts[0]
        near: list[str] = []
        with suppress(OSError):  # who may read one bucket often may not list them
            near = _near(bucket, self.filesystem().get_file_info(fs.FileSelector("")))
        return SourceError.of(
            "missing-path",
            f"The source {self._config.name} reads {self._uri}, but there is no bucket {bucket}.",
            place=self._place,
            nearest=tuple(joined(self._uri, name) for name in near),
            hint="Mend the path in lapwing.yaml, or the endpoint and region in `storage:`.",
        )


def _near(name: str, infos: list[Any]) -> list[str]:
    return list(nearest(name, [str(info.base_name) for info in infos]))


def _stored(info: Any) -> StoredFile:
    return StoredFile(PurePosixPath(info.path), info.size or 0, info.mtime_ns or 0)


def _literal_folder(pattern: str) -> str:
    """The folders in front of the first one with a wildcard."""
    parts = pattern.split("/")
    first = next(index for index, part in enumerate(parts) if _MAGIC.search(part))
    return "/".join(parts[:first])


def _matcher(pattern: str) -> re.Pattern[str]:
    """`*` and `?` stay in one folder, `**` is any number of them.

    >>> bool(_matcher("b/**/x-*.csv").fullmatch("b/x-1.csv")), bool(_matcher("b/*.csv").fullmatch("b/c/x.csv"))
    (True, False)
    """
    said = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", pattern)
    return re.compile("".join(said.get(part) or (part if part.startswith("[") else re.escape(part)) for part in parts))
