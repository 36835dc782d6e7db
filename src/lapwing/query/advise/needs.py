"""What a rollup must hold to answer the questions in the log that no rollup answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Final

from lapwing.cache.definition import define
from lapwing.cache.questions import Shape, Tally
from lapwing.model.calendar import DAY
from lapwing.model.dataset import Dataset, Rollup
from lapwing.model.expression import measures
from lapwing.model.grain import FIXED, Grain, Unit
from lapwing.model.problem import LapwingError, Refused
from lapwing.model.project import Project
from lapwing.sql.bound import BoundDataset

_MINUTE: Final = FIXED[Unit.MINUTE]
GRAINS: Final = tuple(
    [Grain(1, Unit.DAY)]
    + [Grain(count, Unit.HOUR) for count in (12, 6, 3, 2, 1)]
    + [Grain(count, Unit.MINUTE) for count in (30, 15, 5, 1)]
)
"""Those that a rollup may have, the coarsest first."""


@dataclass(slots=True, kw_only=True)
class Need:
    """What questions of one shape ask of one dataset. `step` is the grain in microseconds; `tally` counts them; `says` is
    the shape in words."""

    dimensions: frozenset[str]
    measures: frozenset[str]
    step: int
    tally: Tally
    says: str

    @property
    def milliseconds(self) -> float:
        """Of one question."""
        return self.tally.milliseconds / max(self.tally.count, 1)


@dataclass(frozen=True, slots=True)
class Left:
    """Questions that no rollup will answer, or one that there is already: which, how many, and why."""

    dataset: str
    says: str
    count: int
    why: str


def needs_of(
    dataset: Dataset, project: Project, bound: BoundDataset, log: Mapping[Shape, Tally]
) -> tuple[list[Need], list[Left]]:
    """What the log asks of a dataset, alike questions together; and what is left aside."""
    found: dict[tuple[frozenset[str], frozenset[str], str], Need] = {}
    for shape, tally in log.items():
        if shape.served in ("rollup", "nothing") or not tally.step:
            continue
        wanted = _measures(shape, project, dataset)
        if not wanted or not set(shape.by) | set(shape.filters) <= set(dataset.dimensions):
            continue  # of another dataset, or of a definition that is no more
        key = (frozenset(shape.by) | frozenset(shape.filters), wanted, _words(shape))
        need = found.get(key)
        if need is None:
            need = found[key] = Need(dimensions=key[0], measures=wanted, step=0, tally=Tally(), says=key[2])
        need.tally.add(tally)
        need.step = need.tally.step
    needs: list[Need] = []
    left: list[Left] = []
    for need in found.values():
        why = _why_not(need, dataset, project, bound)
        if why is None:
            needs.append(need)
        else:
            left.append(Left(dataset.name, need.says, need.tally.count, why))
    return needs, left


def grain_of(step: int) -> Grain | None:
    """The coarsest grain whose buckets have all the borders that are multiples of `step` microseconds."""
    return next((grain for grain in GRAINS if step % width(grain) == 0), None)


def width(grain: Grain) -> int:
    """Of a grain that a rollup may have, in microseconds."""
    return DAY if grain.unit is Unit.DAY else grain.fixed or DAY


def together(steps: Sequence[int]) -> int:
    """The step that serves all."""
    return gcd(*steps)


def rollup_of(dataset: Dataset, name: str, dimensions: Sequence[str], measures: Sequence[str], grain: Grain) -> Rollup:
    """A rollup as it would be declared."""
    return Rollup(
        name=name,
        dataset=dataset.name,
        grain=grain,
        dimensions=tuple(dimensions),
        measures=tuple(measures),
        partition=Grain(1, Unit.MONTH),
    )


def _measures(shape: Shape, project: Project, dataset: Dataset) -> frozenset[str]:
    try:
        metrics = [project.metric(name)[1] for name in shape.metrics]
    except LapwingError:
        return frozenset()
    refs = [ref for metric in metrics for ref in measures(metric.expression)]
    return frozenset(ref.measure for ref in refs if ref.dataset == dataset.name)


def _why_not(need: Need, dataset: Dataset, project: Project, bound: BoundDataset) -> str | None:
    """Why no rollup is needed for it, or none can be."""
    for rollup in dataset.rollups.values():
        kept = need.dimensions <= set(rollup.dimensions) and need.measures <= set(rollup.measures)
        if kept and need.step % width(rollup.grain) == 0:
            return f"{dataset.name}.{rollup.name} holds all that they ask for: build it, or ask for less freshness."
    grain = grain_of(need.step)
    if grain is None:
        return "Their borders are no whole minutes."
    try:
        made = define(
            bound,
            rollup_of(dataset, "advised", sorted(need.dimensions), sorted(need.measures), grain),
            project.timezone,
        )
    except Refused as error:
        return error.problems[0].message
    return next(iter(made.refused.values()), None)


def _words(shape: Shape) -> str:
    return " ".join(_parts(shape))


def _parts(shape: Shape) -> Iterator[str]:
    yield ", ".join(shape.metrics)
    if shape.by:
        yield f"by {', '.join(shape.by)}"
    if shape.grain is not None:
        yield f"by {shape.grain}"
    if shape.filters:
        yield f"where {', '.join(shape.filters)}"
    yield f"({shape.zone})"
