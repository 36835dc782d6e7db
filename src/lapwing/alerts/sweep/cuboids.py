"""Combinations of dimensions whose slices are watched, and their parents."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from lapwing.alerts.measured import Measured
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.expression import measures
from lapwing.model.grain import Grain
from lapwing.model.problem import Refused

Cuboid = tuple[str, ...]
"""Dimensions, in the dataset's order."""


def cuboids(
    dataset: Dataset,
    metric: Metric,
    plan: Measured,
    counted: str | None,
    *,
    grain: Grain,
    fixed: Iterable[str],
    depth: int,
) -> list[Cuboid]:
    """Up to `depth` dimensions that one of the dataset's rollups can split the metric by, within the dimensions `fixed`; the
    fewest first.

    Raises:
        Refused: no rollup has a dimension to watch.
    """
    held = set(fixed)
    needed = {ref.measure for ref in measures(metric.expression) if ref.dataset == dataset.name}
    needed |= {name.rpartition(".")[2] for name in (plan.exposure, counted) if name is not None}
    found: set[Cuboid] = set()
    for rollup in dataset.rollups.values():
        short = rollup.grain.fixed is not None and (grain.fixed is None or grain.fixed >= rollup.grain.fixed)
        if held <= set(rollup.dimensions) and needed <= set(rollup.measures) and (short or rollup.grain == grain):
            free = [name for name in dataset.dimensions if name in rollup.dimensions and name not in held]
            found.update(chosen for size in range(1, depth + 1) for chosen in combinations(free, size))
    if not found:
        raise Refused.of(
            "no-slices",
            f"No rollup of {dataset.name} splits {metric.name} by a dimension and {grain}: there are no slices to watch.",
            place=metric.place,
            hint="Write a rollup with the dimensions to watch, or follow the whole.",
        )
    place = {name: number for number, name in enumerate(dataset.dimensions)}
    return sorted(found, key=lambda one: (len(one), [place[name] for name in one]))


def parents_of(cuboid: Cuboid) -> list[Cuboid]:
    """With one dimension less."""
    return [tuple(name for name in cuboid if name != each) for each in reversed(cuboid)]
