"""Errors of ours that pass through the engine."""

from __future__ import annotations

import json
import re
from typing import Final

from lapwing.model.problem import LapwingError, Problem, SourceError


class Told(OSError):
    """An error of ours on its way through the engine, which keeps nothing but its text."""

    def __init__(self, error: LapwingError) -> None:
        super().__init__(f"lapwing says {json.dumps([problem.as_dict() for problem in error.problems])}")


_SAYS: Final = re.compile(r"lapwing says (\[.*\])")


def told(text: str) -> SourceError | None:
    """The error that the text of one of the engine's has in it."""
    found = _SAYS.search(text)
    return SourceError(*map(Problem.of_dict, json.loads(found[1]))) if found else None
