"""Rollups name what there is, and their partitions hold whole buckets."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from lapwing.model.documents.dataset import DatasetDocument
from lapwing.model.documents.read import Draft
from lapwing.model.grain import Grain, Unit
from lapwing.model.names import nearest
from lapwing.model.problem import Problem

_CALENDAR = (Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR)
_WITHIN = {
    Unit.DAY: (Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR),
    Unit.WEEK: (),
    Unit.MONTH: (Unit.QUARTER, Unit.YEAR),
    Unit.QUARTER: (Unit.YEAR,),
    Unit.YEAR: (),
}
_DEFAULT = {Unit.DAY: Unit.MONTH, Unit.MONTH: Unit.YEAR, Unit.QUARTER: Unit.YEAR}

FRESHEST = timedelta(seconds=10)
"""The shortest promise: a look at a source costs, and what has to be newer is for a stream."""


def partitions_for(grain: Grain) -> tuple[Unit, ...]:
    """The calendar grains that hold whole buckets of `grain`, and more than one of them."""
    return _CALENDAR if grain.fixed else _WITHIN[grain.unit]


def default_partition(grain: Grain) -> Grain:
    """Months for what is no coarser than a day, else years."""
    return Grain(1, Unit.MONTH if grain.fixed else _DEFAULT.get(grain.unit, Unit.YEAR))


def rollups(draft: Draft[DatasetDocument]) -> Iterator[Problem]:
    """Every rollup of a dataset."""
    for name, rollup in draft.document.rollups.items():
        yield from _known(draft, name, "dimensions", rollup.dimensions, draft.document.dimensions)
        yield from _known(draft, name, "measures", rollup.measures or (), draft.document.measures)
        allowed = partitions_for(rollup.grain)
        if not allowed:
            yield Problem(
                "bad-rollup-grain",
                f"Buckets by {rollup.grain} fit into no longer partition.",
                draft.located.key("rollups", name, "grain"),
                ("day",),
                "A rollup by day answers for weeks and years as well.",
            )
        elif rollup.partition and not (rollup.partition.count == 1 and rollup.partition.unit in allowed):
            yield Problem(
                "bad-partition",
                f"A partition by {rollup.partition} does not hold several whole buckets by {rollup.grain}.",
                draft.located.key("rollups", name, "partition"),
                hint=f"Take {' or '.join(allowed)}.",
            )
        if rollup.freshness is not None and rollup.freshness < FRESHEST:
            yield Problem(
                "bad-freshness",
                "A rollup that is brought up to its source time and again can't be as fresh as that.",
                draft.located.key("rollups", name, "freshness"),
                hint=f"Take {FRESHEST.seconds} seconds or more, or leave freshness out: then only builds keep it fresh.",
            )


def _known(
    draft: Draft[DatasetDocument], rollup: str, group: str, given: tuple[str, ...], known: Collection[str]
) -> Iterator[Problem]:
    kind = group[:-1]
    for index, name in enumerate(given):
        place = draft.located.key("rollups", rollup, group, index)
        if name in given[:index]:
            yield Problem("duplicate-item", f"{name} is named twice.", place, hint="Remove one of them.")
        elif name not in known and not draft.is_broken(group, name):
            near = nearest(name, known)
            if group == "measures" and name in draft.document.metrics:
                hint: str | None = f"{name} is a metric; a rollup keeps the measures that it is made of."
            else:
                hint = None if near else f"The {group} are {', '.join(known) or 'none yet'}."
            says = f"The dataset {draft.document.dataset} has no {kind} {name}."
            yield Problem(f"unknown-{kind}", says, place, near, hint)
