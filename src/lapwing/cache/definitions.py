"""The rollups of datasets as they are defined now, and those that can't be kept."""

from __future__ import annotations

from dataclasses import dataclass

from lapwing.cache.definition import Definition, define
from lapwing.cache.shape import Shapes
from lapwing.model.problem import Refused
from lapwing.model.receipt import Considered, Reason
from lapwing.sql.bound import BoundDataset

_MOST = 100


@dataclass(frozen=True, slots=True, eq=False)
class Defined:
    """`refused` are the rollups that can't be kept, with the reason."""

    bound: BoundDataset
    definitions: tuple[Definition, ...]
    refused: tuple[Considered, ...]
    shapes: Shapes


class Definitions:
    """Remembers what was defined of a binding. Safe to use from several threads."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._known: dict[int, Defined] = {}

    def of(self, bound: BoundDataset) -> Defined:
        """The dataset's rollups as they are defined now."""
        kept = self._known.get(id(bound))
        if kept is not None and kept.bound is bound:
            return kept
        definitions: list[Definition] = []
        refused: list[Considered] = []
        for rollup in bound.dataset.rollups.values():
            try:
                definitions.append(define(bound, rollup, self._zone))
            except Refused as error:
                reason = Reason(check="definition", passed=False, says=error.problems[0].message)
                name = f"{bound.dataset.name}.{rollup.name}"
                refused.append(Considered(rollup=name, chosen=False, reasons=(reason,)))
        if len(self._known) > _MOST:
            self._known.clear()
        found = self._known[id(bound)] = Defined(bound, tuple(definitions), tuple(refused), Shapes(definitions))
        return found
