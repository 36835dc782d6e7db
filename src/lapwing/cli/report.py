"""Problems on stderr: as sentences, or as one JSON object."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from lapwing.model.problem import LapwingError, Problem


def show_error(error: LapwingError, *, as_json: bool) -> None:
    """One line a problem; with `as_json` one object: code, message, exit_code, problems."""
    if as_json:
        import json

        first = error.problems[0]
        problems = [problem.as_dict() for problem in error.problems]
        found = {"code": first.code, "message": str(first), "exit_code": error.exit_code, "problems": problems}
        sys.stderr.write(json.dumps(found, ensure_ascii=False) + "\n")
        return
    sys.stderr.write("\n".join(lines(error.problems)) + "\n")


def lines(problems: Sequence[Problem]) -> list[str]:
    """Each problem in a line, and how many there are where there are several."""
    found = [str(problem) for problem in problems]
    return found if len(found) == 1 else [*found, f"{len(found)} problems."]
