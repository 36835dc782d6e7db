"""Which rollups of a dataset could serve a question, by the names alone that it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lapwing.cache.definition import Definition

_MOST_SHAPES = 1_024


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What questions ask for that differ only in time and in the values filtered by. `whole` are the rollups that keep
    all of it; `some` keep its dimensions and a part of its measures. `lacks`: where none keeps all of it, the check by which
    those fail that come closest."""

    measures: tuple[str, ...]
    by: tuple[str, ...]
    filters: tuple[str, ...]
    whole: tuple[Definition, ...]
    some: tuple[Definition, ...]
    lacks: str | None = None


class Shapes:
    """The rollups of one dataset, found by bits: one for each dimension and measure that they keep."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self.definitions = tuple(definitions)
        self._bits: dict[tuple[str, str], int] = {}
        self._kept = [
            (self._of("dimension", one.rollup.dimensions), self._of("measure", tuple(one.states)))
            for one in definitions
        ]
        self._known: dict[tuple[tuple[str, ...], ...], Shape] = {}

    def find(self, measures: tuple[str, ...], by: tuple[str, ...], filters: tuple[str, ...]) -> Shape:
        """The shape of a question; remembered for the next one like it."""
        key = (measures, by, filters)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_SHAPES:
                self._known.clear()
            dimensions, wanted = self._of("dimension", (*by, *filters)), self._of("measure", measures)
            fitting = [
                (one, kept & wanted)
                for one, (keeps, kept) in zip(self.definitions, self._kept, strict=True)
                if keeps & dimensions == dimensions and kept & wanted
            ]
            whole = tuple(one for one, kept in fitting if kept == wanted)
            some = tuple(one for one, kept in fitting if kept != wanted)
            lacks = None if whole else self._lacks(by, dimensions)
            found = self._known[key] = Shape(measures, by, filters, whole, some, lacks)
        return found

    def _lacks(self, by: tuple[str, ...], dimensions: int) -> str:
        grouped = self._of("dimension", by)
        if any(keeps & dimensions == dimensions for keeps, _ in self._kept):
            return "measures"
        return "filters" if any(keeps & grouped == grouped for keeps, _ in self._kept) else "dimensions"

    def _of(self, kind: str, names: Sequence[str]) -> int:
        bits = 0
        for name in names:
            bits |= self._bits.setdefault((kind, name), 1 << len(self._bits))
        return bits
