"""Which rollups follow from which: the states of a coarser one are those of a finer one, folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lapwing.cache.definition import Definition


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """`finest` is read from the source; `coarser` are folded from it on the way."""

    finest: Definition
    coarser: tuple[Definition, ...]


def families(definitions: Sequence[Definition]) -> tuple[Family, ...]:
    """Rollups of one dataset, so that as few as possible are read from the source."""
    found: list[tuple[Definition, list[Definition]]] = []
    for one in sorted(definitions, key=lambda d: (-len(d.rollup.dimensions), -len(d.states), d.grain)):
        coarser = next((others for finest, others in found if follows(one, finest)), None)
        if coarser is None:
            found.append((one, []))
        else:
            coarser.append(one)
    return tuple(Family(finest, tuple(coarser)) for finest, coarser in found)


def follows(coarse: Definition, fine: Definition) -> bool:
    """Whether every state of `coarse` is a merge of states of `fine`."""
    return (
        set(coarse.rollup.dimensions) <= set(fine.rollup.dimensions)
        and coarse.states.keys() <= fine.states.keys()
        and coarse.grain % fine.grain == 0
    )
