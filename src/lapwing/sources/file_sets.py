"""Which files make which table: each file one, each folder of files of one kind one, a pattern one, and a folder of folders
called KEY=VALUE one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

KINDS: Final = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".jsonl.gz": "json",
}
SEVERAL: Final = "several"  # kinds, or tables of one name
_PARTED: Final = re.compile(r"[^=/]+=[^/]*\Z")


@dataclass(frozen=True, slots=True, order=True)
class StoredFile:
    """A file as it was listed: of this machine's disk, or of object storage (then `path` begins with the bucket). `written`
    is the time of its last change (nanoseconds)."""

    path: PurePath
    size: int
    written: int


@dataclass(frozen=True, slots=True)
class FileSet:
    """The files behind one table, in name order."""

    kind: str
    files: tuple[StoredFile, ...]

    def fingerprint(self) -> str:
        """Changes whenever a file was added, removed or written."""
        return ";".join(f"{file.path.name}:{file.size}:{file.written}" for file in self.files)


def one_set(name: str, files: Sequence[StoredFile]) -> dict[str, FileSet]:
    """One table of these files; none where there are none."""
    kinds = {str(kind_of(file.path)) for file in files}
    kind = kinds.pop() if len(kinds) == 1 else SEVERAL
    return {name: FileSet(kind, tuple(sorted(files)))} if files else {}


def sets_of(folder: str, entries: Mapping[tuple[str, bool], Sequence[StoredFile]]) -> dict[str, FileSet]:
    """The tables of a folder by name. `entries` are what lies in it: a name and whether it is a folder itself, with the files
    that it is or has."""
    kept = {key: files for key, files in sorted(entries.items()) if files and not _left_alone(key[0])}
    if kept and all(is_folder and _PARTED.match(name) for name, is_folder in kept):
        return one_set(folder, [file for files in kept.values() for file in files])
    sets: dict[str, FileSet] = {}
    for (name, is_folder), files in kept.items():
        for table, one in one_set(name if is_folder else stem(files[0].path), files).items():
            before = sets.get(table)
            sets[table] = FileSet(SEVERAL, (*before.files, *one.files)) if before else one
    return sets


def known(path: PurePath) -> bool:
    """Whether a file is read at all."""
    return kind_of(path) is not None and not path.name.startswith((".", "_"))


def kind_of(path: PurePath) -> str | None:
    name = path.name.lower()
    return next((kind for suffix, kind in KINDS.items() if name.endswith(suffix)), None)


def stem(path: PurePath) -> str:
    """What the table of one file is called."""
    return path.name.split(".")[0]


def literal(pattern: str) -> str:
    """The name in front of a pattern's wildcards: `orders-*.csv` is orders."""
    return re.sub(r"[^A-Za-z0-9_]+$", "", re.split(r"[*?\[]", pattern)[0])


def pattern_of(paths: Iterable[PurePath], root: PurePath) -> str:
    """Several files in one name, from `root` on."""
    files = tuple(paths)
    folders = {file.parent for file in files}
    endings = {_ending(file) for file in files}
    folder = PurePath(os.path.commonpath(folders)).relative_to(root).as_posix()
    return f"{folder}/{'**/' if len(folders) > 1 else ''}*{endings.pop() if len(endings) == 1 else ''}"


def _ending(path: PurePath) -> str:
    name = path.name.lower()
    return max((suffix for suffix in KINDS if name.endswith(suffix)), key=len)


def _left_alone(name: str) -> bool:
    return name.startswith((".", "_")) or name.endswith(".part")
