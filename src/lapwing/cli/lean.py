"""Keeps pandas out of the command's process: pyarrow imports it with the first array, wherever it is installed, which takes
half a second or more, and nothing here uses it."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder


class _NoPandas(MetaPathFinder):
    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")


def without_pandas() -> None:
    """From here on pandas is not installed, as far as this process can see."""
    sys.meta_path.insert(0, _NoPandas())


def with_pandas() -> None:
    """It is there again: Spark will not start without it."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _NoPandas)]
