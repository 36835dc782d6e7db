"""Chromium from Debian's packages, for tests that look at the UI. It is a program rather than a server: each test starts
its own by playwright."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.services.base import MissingService, apt_install, locked

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def chromium() -> Path:
    """The browser's program.

    Raises:
        MissingService: there is none, and it can't be installed.
    """
    if (found := _found()) is None:
        with locked("chromium"):
            if _found() is None:
                apt_install("chromium")
            found = _found()
    if found is None:
        raise MissingService("chromium was installed, but is not in PATH")
    return found


def _found() -> Path | None:
    return next((Path(path) for name in NAMES if (path := shutil.which(name))), None)
