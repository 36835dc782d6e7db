"""The kept results in one folder, under a budget of bytes; any number of processes share it.

A result has the name of its question and comes there whole, by renaming. When the folder is full, those go first that
save the least time for their room and have not been asked for longest: milliseconds they took, over bytes times seconds
since they were last told. That is the profit of WATCHMAN (Scheuermann, Shim, Vingralek: "WATCHMAN: A Data Warehouse
Intelligent Cache Manager", VLDB 1996) with the last reference alone; it needs no state but the files.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

import pyarrow as pa

from lapwing.query.results.entry import Entry, Facts, Writing, facts_of

MOST: Final = 10_000
"""So many results are kept at most: a look through the folder stays short."""
_ENDING: Final = ".result"
_ABANDONED: Final = 3600.0
"""Seconds after which what nobody writes any more was left by a process that died."""
_ROOM: Final = 4096  # a file takes a block of the disk at least
_AFTER: Final = 0.9  # of the budget stays filled
_SHARE: Final = 8  # one result takes this part of the budget at most


@dataclass(frozen=True, slots=True)
class Kept:
    """A result in the folder; `told`: when it was last told, or kept (seconds of Unix time)."""

    path: Path
    bytes: int
    told: float

    def profit(self, now: float) -> float:
        """Milliseconds that it saves, for each byte and each second without a question for it."""
        facts = facts_of(self.path)
        return 0.0 if facts is None else facts.milliseconds / (self.bytes * max(1.0, now - self.told))


class Shelf:
    """The results in `folder`. Safe from several threads; what the disk refuses is as if it were not there."""

    def __init__(self, folder: Path, budget: int) -> None:
        self.folder, self.budget = folder, budget
        self.largest = budget // _SHARE
        self._lock = Lock()
        self._room: int | None = None  # bytes that may still be written before the next look

    def get(self, key: str, good: Callable[[Facts], bool]) -> Entry | None:
        """The result kept under `key`, if it is `good`; one that is damaged is removed."""
        path = self._path(key)
        try:
            entry = Entry.open(path, good)
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            with suppress(OSError):
                path.unlink()
            return None
        if entry is not None:
            with suppress(OSError):
                os.utime(path, (time.time(), path.stat().st_mtime))
        return entry

    def facts(self, key: str) -> Facts | None:
        """What is known of the result under `key`."""
        return facts_of(self._path(key))

    def write(self, schema: pa.Schema) -> Writing:
        """A new result, to be put to the others by `put`. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Writing(self.folder / f"{uuid.uuid4().hex}.part", schema, self.largest)

    def put(self, key: str, writing: Writing, facts: Facts) -> None:
        """It takes the place of what had this key. Raises OSError."""
        size = writing.finish(facts)
        writing.path.replace(self._path(key))
        with self._lock:
            if self._room is not None:
                self._room -= max(size, _ROOM)
            if self._room is None or self._room < 0:
                self._sweep()

    def kept(self) -> Iterator[Kept]:
        """All of them."""
        for entry, stat in self._files():
            if entry.name.endswith(_ENDING):
                yield Kept(Path(entry.path), max(stat.st_size, _ROOM), max(stat.st_atime, stat.st_mtime))

    def empty(self) -> int:
        """Removes all; how many these were."""
        removed = 0
        for one in list(self.kept()):
            with suppress(OSError):
                one.path.unlink()
                removed += 1
        return removed

    def _sweep(self) -> None:
        now = time.time()
        for entry, stat in self._files():
            if entry.name.endswith(".part") and stat.st_mtime < now - _ABANDONED:
                with suppress(OSError):
                    Path(entry.path).unlink()
        kept = list(self.kept())
        size, number = sum(one.bytes for one in kept), len(kept)
        if size > self.budget or number > MOST:
            for one in sorted(kept, key=lambda one: one.profit(now)):
                if size <= self.budget * _AFTER and number <= MOST * _AFTER:
                    break
                with suppress(OSError):
                    one.path.unlink()
                size, number = size - one.bytes, number - 1
        # What other processes write meanwhile is seen when a part of what is free was used.
        self._room = min((self.budget - size) // 2, self.budget // 32)

    def _files(self) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    with suppress(OSError):
                        yield entry, entry.stat()
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_ENDING}"
