"""The rollups of datasets as they are defined now, with their ancestors, and those that can't be kept."""

from __future__ import annotations

from dataclasses import dataclass

from lapwing.cache.ancestors import Ancestors
from lapwing.cache.definition import Definition, define
from lapwing.cache.shape import Shapes
from lapwing.model.problem import Refused, StoreError
from lapwing.model.receipt import Considered, Reason
from lapwing.sql.bound import BoundDataset

_MOST = 100


@dataclass(frozen=True, slots=True, eq=False)
class Defined:
    """`definitions` are the `declared` rollups that can be kept, and the ancestors that were chosen for them; `refused` those
    that can't be kept, with the reason."""

    bound: BoundDataset
    declared: tuple[Definition, ...]
    definitions: tuple[Definition, ...]
    refused: tuple[Considered, ...]
    shapes: Shapes


class Definitions:
    """Remembers what was defined of a binding. Safe to use from several threads."""

    def __init__(self, zone: str, ancestors: Ancestors) -> None:
        self._zone = zone
        self._ancestors = ancestors
        self._known: dict[int, Defined] = {}

    def of(self, bound: BoundDataset) -> Defined:
        """The dataset's rollups as they are defined and were chosen now."""
        kept = self._known.get(id(bound))
        if kept is None or kept.bound is not bound:
            kept = self._defined(bound)
        try:
            chosen = [one.definition for declared in kept.declared for one in self._ancestors.of(declared)]
        except StoreError:
            return kept
        definitions = (*kept.declared, *chosen)
        if definitions != kept.definitions:
            kept = Defined(bound, kept.declared, definitions, kept.refused, Shapes(definitions))
        if len(self._known) > _MOST:
            self._known.clear()
        self._known[id(bound)] = kept
        return kept

    def _defined(self, bound: BoundDataset) -> Defined:
        declared: list[Definition] = []
        refused: list[Considered] = []
        for rollup in bound.dataset.rollups.values():
            try:
                declared.append(define(bound, rollup, self._zone))
            except Refused as error:
                reason = Reason(check="definition", passed=False, says=error.problems[0].message)
                name = f"{bound.dataset.name}.{rollup.name}"
                refused.append(Considered(rollup=name, chosen=False, reasons=(reason,)))
        return Defined(bound, tuple(declared), tuple(declared), tuple(refused), Shapes(declared))
