"""The rollups of datasets as they are defined now, with their ancestors, and those that can't be kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from operator import is_

from lapwing.cache.ancestors import Ancestors
from lapwing.cache.definition import Definition, define
from lapwing.cache.shape import Shapes
from lapwing.model.problem import Refused, StoreError
from lapwing.model.receipt import Considered, Reason
from lapwing.sql.bound import BoundDataset

_MOST = 100
_SECONDS = 2.0
"""For which the store is not asked again whether another process chose ancestors anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Defined:
    """`definitions` are the `declared` rollups that can be kept, and the ancestors that were chosen for them; `refused` those
    that can't be kept, with the reason."""

    bound: BoundDataset
    declared: tuple[Definition, ...]
    definitions: tuple[Definition, ...]
    refused: tuple[Considered, ...]
    shapes: Shapes


@dataclass(frozen=True, slots=True)
class _Known:
    """What was defined, when the store was last asked for ancestors, and after how many choices made here."""

    defined: Defined
    at: float
    changes: int


class Definitions:
    """Remembers what was defined of a binding. Safe to use from several threads."""

    def __init__(self, zone: str, ancestors: Ancestors) -> None:
        self._zone = zone
        self._ancestors = ancestors
        self._known: dict[int, _Known] = {}

    def of(self, bound: BoundDataset) -> Defined:
        """The dataset's rollups as they are defined and were chosen now; what another process chose is seen a little
        later."""
        now, changes = time.monotonic(), self._ancestors.changes
        known = self._known.get(id(bound))
        if known is not None and known.defined.bound is not bound:
            known = None
        if known is not None and known.changes == changes and now - known.at < _SECONDS:
            return known.defined
        defined = self._with_ancestors(self._defined(bound) if known is None else known.defined)
        if len(self._known) > _MOST:
            self._known.clear()
        self._known[id(bound)] = _Known(defined, now, changes)
        return defined

    def _with_ancestors(self, defined: Defined) -> Defined:
        try:
            chosen = tuple(one.definition for one in self._ancestors.of(*defined.declared))
        except StoreError:
            return defined
        definitions = (*defined.declared, *chosen)
        same = len(definitions) == len(defined.definitions) and all(map(is_, definitions, defined.definitions))
        return defined if same else replace(defined, definitions=definitions, shapes=Shapes(definitions))

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
