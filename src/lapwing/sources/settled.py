"""Versions of files on this machine's disk, by what the disk tells of them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

SETTLED = 2.0
"""Seconds after which a file that was written is believed to be as its times say. Disks tell times in steps (of some
milliseconds; of 1 s or 2 s on others' machines and on cards): of two writes in one step the second can't be seen. Git
calls such files racy."""


def version_of(paths: Iterable[Path]) -> str | None:
    """What changes with every write to one of the files, and with every other file in the place of one; None while one was
    just written, or is not there. The time of the last change (ctime), other than that of the last write, can't be set by
    programs."""
    found = []
    latest = (time.time() - SETTLED) * 1e9
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            return None
        if stat.st_ctime_ns > latest:
            return None
        found.append(f"{path} {stat.st_dev}:{stat.st_ino} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}")
    return "\n".join(found)
