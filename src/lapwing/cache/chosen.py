"""Rollups of a project by name."""

from __future__ import annotations

from lapwing.model.dataset import Rollup
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound
from lapwing.model.project import Project


def chosen(project: Project, which: str | None) -> dict[str, list[Rollup]]:
    """The rollups called `which` (a dataset, `dataset.rollup`; None: all), by dataset.

    Raises:
        NotFound: there is none of that name.
    """
    every = {
        f"{dataset.name}.{rollup.name}": (dataset.name, rollup)
        for dataset in project.datasets.values()
        for rollup in dataset.rollups.values()
    }
    named = [one for name, one in every.items() if which in (None, name, one[0])]
    if not named and which is not None and which not in project.datasets:
        names = [*every, *project.datasets]
        raise NotFound.of("unknown-rollup", f"There is no rollup {which}.", nearest=nearest(which, names))
    found: dict[str, list[Rollup]] = {}
    for dataset, rollup in named:
        found.setdefault(dataset, []).append(rollup)
    return found
