"""LMDB environments: one for each process and path, shared by its users; their format row, growth and errors."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import lmdb

from lapwing.cache.keys import FORMAT
from lapwing.model.failing import OnError
from lapwing.model.problem import LapwingError, StoreError

FORMAT_KEY: Final = b"format"
ROWS: Final = b"rows"
"""The named database of the store's rows; the format row lies beside it, out of reach of scans and deletes."""

MAP_BYTES: Final = 1 << 36
"""The map's first size: addresses, not disk, so it is generous."""

_READERS: Final = 512
_NEARLY_FULL_BYTES: Final = 64 << 20
_GROW_WAIT_SECONDS: Final = 30.0


@dataclass(slots=True)
class Shared:
    """An open environment. `gate` lets the map change only while no transaction of this process runs: LMDB forbids it
    otherwise. `users` counts the stores that hold it."""

    handle: Any
    rows: Any
    path: Path
    read_only: bool
    users: int = 0
    running: int = 0
    gate: threading.Condition = field(default_factory=threading.Condition)

    def resize(self, size: int, seen: int) -> None:
        """Sets the map to `size` bytes (0: what another process set), unless it changed since it was `seen`."""
        with self.gate:
            if not self.gate.wait_for(lambda: self.running == 0, _GROW_WAIT_SECONDS):
                raise StoreError.of(
                    "store-busy",
                    "The rollup store must grow, but reads of it did not end.",
                    hint="Try again; close scans that are no longer needed.",
                )
            if self.handle.info()["map_size"] == seen:
                self.handle.set_mapsize(size)


_open: dict[tuple[Path, int], Shared] = {}
_lock = threading.Lock()


def acquire(path: Path, *, read_only: bool, map_bytes: int) -> Shared:
    """The process's environment at `path`, opened if need be. Give it back with `release`.

    Raises:
        StoreError: the folder can't be used, or a newer Lapwing wrote it.
    """
    key = (path.resolve(), os.getpid())  # a forked child must not use its parent's environment
    with _lock:
        shared = _open.get(key)
        if shared is None:
            handle, rows = _open_environment(key[0], read_only, map_bytes)
            shared = _open[key] = Shared(handle, rows, key[0], read_only)
        elif shared.read_only and not read_only:
            raise StoreError.of("store-read-only", f"This process already has {path.name} open for reading only.")
        shared.users += 1
        return shared


def release(shared: Shared) -> None:
    """Closes the environment when its last user leaves."""
    with _lock:
        shared.users -= 1
        if shared.users == 0:
            _open.pop((shared.path, os.getpid()), None)
            with shared.gate:
                shared.gate.wait_for(lambda: shared.running == 0, _GROW_WAIT_SECONDS)
                shared.handle.close()


def _open_environment(path: Path, read_only: bool, map_bytes: int) -> tuple[Any, Any]:
    """The environment and its database of rows."""
    try:
        if read_only and not (path / "data.mdb").exists():
            raise StoreError.of(
                "store-missing", f"There is no rollup store at {path.name}.", hint="`lapwing build` makes it."
            )
        if not read_only:
            path.mkdir(parents=True, exist_ok=True)
        handle = lmdb.open(
            str(path),
            map_size=map_bytes,
            max_readers=_READERS,
            max_dbs=1,
            readonly=read_only,
            create=not read_only,
        )
        with OnError(lambda _: handle.close()):
            handle.reader_check()  # frees the slots of readers that were killed
            return handle, _open_rows(handle, read_only)
    except (lmdb.Error, OSError) as error:
        raise store_problem(error, path) from error


def _open_rows(handle: Any, read_only: bool) -> Any:
    """The database of rows, made with its format row if new."""
    with handle.begin(write=not read_only) as transaction:
        written = transaction.get(FORMAT_KEY)
        if written is None and not read_only:
            transaction.put(FORMAT_KEY, str(FORMAT).encode())
        elif written is None or not written.isdigit() or int(written) > FORMAT:
            shown = (written or b"unknown").decode("ascii", "replace")
            raise StoreError.of(
                "store-newer",
                f"A newer Lapwing wrote the rollup store (format {shown}; this one knows {FORMAT}).",
                hint="Upgrade Lapwing, or give `store` another path and build again.",
            )
    return handle.open_db(ROWS, create=not read_only)


def store_problem(error: Exception, path: Path) -> LapwingError:
    """LMDB's or the system's error as one that says what to do."""
    text = str(error)
    number = getattr(error, "errno", None)
    free = shutil.disk_usage(path).free if path.exists() else 0
    # LMDB calls a write cut short by a full file system an input/output error.
    short = os.strerror(errno.EIO) in text and free < _NEARLY_FULL_BYTES
    full = any(number == code or os.strerror(code) in text for code in (errno.ENOSPC, errno.EDQUOT))
    if full or short or isinstance(error, lmdb.DiskError):
        return StoreError.of(
            "store-full",
            f"The disk of the rollup store {path.name} is full ({free >> 20} MiB free). What was complete is kept.",
            hint="Free some space, or move `store.path` to a larger disk, then build again; answers go on as before.",
        )
    closed = any(number == code or os.strerror(code) in text for code in (errno.EACCES, errno.EROFS))
    if closed or isinstance(error, lmdb.ReadonlyError | PermissionError):
        return StoreError.of(
            "store-read-only",
            f"The rollup store can't be written: {text}.",
            hint="Make its folder writable (readers note there that they read), or give `store` another path.",
        )
    if isinstance(error, lmdb.CorruptedError | lmdb.InvalidError | lmdb.VersionMismatchError | lmdb.PageNotFoundError):
        return StoreError.of(
            "store-damaged",
            f"The rollup store {path.name} is damaged: {text}.",
            hint="Delete its folder and run `lapwing build`: it holds nothing that can't be built again.",
        )
    return StoreError.of("store-failed", f"The rollup store {path.name} failed: {text}.")
