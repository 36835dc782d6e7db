"""Apache Superset's own code, in an environment of its own that is made once and kept outside the tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.services.base import MissingService, cache_folder, locked

VERSION = "6.1.0"
PACKAGES = (f"apache-superset=={VERSION}", "psycopg2-binary", "flask-caching==2.3.1", "cachetools")
"""Superset's requirement of flask-caching lets a version in that it does not work with, and cachetools is not among them."""
_SECONDS = 900


def superset() -> Path:
    """The Python that has it.

    Raises:
        MissingService: it can't be installed.
    """
    folder = cache_folder() / f"superset-{VERSION}"
    with locked("superset"):
        if not (folder / "bin" / "python").exists():
            shutil.rmtree(folder, ignore_errors=True)
            try:
                _uv("venv", "--python", sys.executable, str(folder))
                _uv("pip", "install", "--python", str(folder / "bin" / "python"), *PACKAGES)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
    return folder / "bin" / "python"


def _uv(*arguments: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "uv", *arguments],
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
                cwd=folder,
            )
        except subprocess.TimeoutExpired as error:
            raise MissingService(f"uv {arguments[0]} took over {_SECONDS} s") from error
    if done.returncode:
        raise MissingService(f"uv {' '.join(arguments[:2])} failed: {done.stderr.strip()[-300:]}")
