"""Rollups of a project by name."""

from __future__ import annotations

from collections.abc import Sequence

from lapwing.model.dataset import Rollup
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound
from lapwing.model.project import Project


def chosen(project: Project, which: str | Sequence[str] | None) -> dict[str, list[Rollup]]:
    """The rollups called `which` (a dataset, `dataset.rollup`, several of them; None: all), by dataset.

    Raises:
        NotFound: there is none of that name.
    """
    every = {
        f"{dataset.name}.{rollup.name}": (dataset.name, rollup)
        for dataset in project.datasets.values()
        for rollup in dataset.rollups.values()
    }
    asked = [which] if isinstance(which, str) else which
    for one in asked or ():
        if one not in every and one not in project.datasets:
            names = [*every, *project.datasets]
            raise NotFound.of("unknown-rollup", f"There is no rollup {one}.", nearest=nearest(one, names))
    found: dict[str, list[Rollup]] = {}
    for name, (dataset, rollup) in every.items():
        if asked is None or name in asked or dataset in asked:
            found.setdefault(dataset, []).append(rollup)
    return found
