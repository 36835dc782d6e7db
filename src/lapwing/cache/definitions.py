"""The rollups of datasets as they are defined now, and those that can't be kept."""

from __future__ import annotations

from lapwing.cache.definition import Definition, define
from lapwing.model.problem import Refused
from lapwing.model.receipt import Considered, Reason
from lapwing.sql.bound import BoundDataset

_MOST = 1_000


class Definitions:
    """Remembers what was defined of a binding. Safe to use from several threads."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._known: dict[int, tuple[BoundDataset, tuple[Definition, ...], tuple[Considered, ...]]] = {}

    def of(self, bound: BoundDataset) -> tuple[tuple[Definition, ...], tuple[Considered, ...]]:
        """The dataset's rollups as they are defined now, and those that can't be kept with the reason."""
        kept = self._known.get(id(bound))
        if kept is not None and kept[0] is bound:
            return kept[1], kept[2]
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
        self._known[id(bound)] = (bound, tuple(definitions), tuple(refused))
        return tuple(definitions), tuple(refused)
