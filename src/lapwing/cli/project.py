"""Which project a command is about."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from lapwing.model.problem import NotFound

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

FILE = "lapwing.yaml"


def find(options: Namespace) -> Path:
    """The folder of -p, of LAPWING_PROJECT, or the nearest upwards that holds a lapwing.yaml. The environment of -e is from
    now on that of this process and of those it starts.

    Raises:
        NotFound: there is none.
    """
    if options.environment:
        from lapwing.model.environment import VARIABLE

        os.environ[VARIABLE] = options.environment
    named = options.project or os.environ.get("LAPWING_PROJECT")
    if named:
        root = Path(named)
        if not (root / FILE).is_file():
            hint = "`lapwing init DIR --from FILE` makes a project."
            raise NotFound.of("no-project", f"There is no {FILE} in {root}.", hint=hint)
        return root
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder
    raise NotFound.of(
        "no-project",
        f"There is no {FILE} here or in a folder above.",
        hint="Name the project's folder: lapwing -p DIR COMMAND. `lapwing init DIR --from FILE` makes one.",
    )


def open_project(options: Namespace) -> Lapwing:
    """The project opened; close it, or use it as a context manager."""
    from lapwing.query.service import Lapwing

    return Lapwing.open(find(options))
