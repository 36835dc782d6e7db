"""What makes a command start quickly."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Absent:
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "pandas":
            raise ModuleNotFoundError("the command line does without pandas", name=fullname)
        return None


def without_pandas() -> None:
    """Lapwing never uses pandas, but pyarrow imports it wherever it is installed, to ask whether a value is of it. That
    takes longer than most commands."""
    sys.meta_path.insert(0, _Absent())
