"""Where the engine puts what does not fit into memory: a folder for each engine, gone with it."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "spill-"
_STALE_SECONDS: Final = 48 * 3600.0  # twice as long as any statement may run


def spill_folder(parent: Path | None) -> Path:
    """The name of a folder that is nobody else's: in `parent` where that can be written, else under the system's for
    temporary files. What engines that were killed have left in `parent` is removed after two days."""
    if parent is None or not os.access(parent, os.W_OK | os.X_OK):
        return Path(tempfile.gettempdir()) / f"lapwing-{uuid.uuid4().hex}"
    for left in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # just removed, or someone else's
            touched = max(path.stat().st_mtime for path in (left, *left.iterdir()))
            if time.time() - touched > _STALE_SECONDS:
                shutil.rmtree(left)
    return parent / f"{_PREFIX}{uuid.uuid4().hex}"
