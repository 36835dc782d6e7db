"""The rollups of a shape as they are in the store, the cheapest first: what the router looks through."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from lapwing.cache.cover import Cover
from lapwing.cache.definition import Definition
from lapwing.cache.manifests import Manifests
from lapwing.cache.shape import Shape

FEW = 16
TRUSTED = 1.0
"""Seconds for which many rollups are not looked at again to see whether one of them got better; those that answer always
are."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """`covers` are those that hold something, the cheapest first; their data lies between `since` and `goal`. `lacks` is how
    it is told that one of them has not all that it should. `ways` is what the router remembers of questions to it."""

    covers: tuple[Cover, ...]
    since: int | None
    goal: int | None
    lacks: str = "It is not built"
    ways: dict[Hashable, object] = field(default_factory=dict)


class Shelf:
    """Safe to use from several threads."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests
        self._covers: dict[bytes, Cover] = {}
        self._rows: dict[Shape, tuple[float, Row]] = {}

    def trusts(self, shape: Shape) -> bool:
        """Whether so many rollups have the shape that they are not looked at for each question."""
        return len(shape.whole) > FEW

    def row(self, shape: Shape, *, now: bool = False) -> Row:
        """The rollups that keep all that the shape asks for; as they are `now`, or where they are many as they were at
        most `TRUSTED` seconds ago.

        Raises:
            StoreError: a manifest can't be read.
        """
        kept = self._rows.get(shape)
        if kept is not None and not now and self.trusts(shape) and time.monotonic() - kept[0] < TRUSTED:
            return kept[1]
        row = row_of(self.covers(shape.whole))
        if kept is not None and kept[1].covers == row.covers:
            row = kept[1]
        if len(self._rows) > 1_024:
            self._rows.clear()
        self._rows[shape] = (time.monotonic(), row)
        return row

    def covers(self, definitions: Sequence[Definition]) -> list[Cover]:
        """Of the rollups that were built as they are defined, as they are now. The same object as long as nothing
        changes."""
        found = []
        for definition, (key, manifest) in zip(definitions, self._manifests.read(definitions).items(), strict=True):
            cover = self._covers.get(key)
            if manifest is None or not manifest.leaves:
                self._covers.pop(key, None)
                continue
            if cover is None or cover.manifest is not manifest or cover.definition is not definition:
                cover = self._covers[key] = Cover(definition, manifest)
            found.append(cover)
        return found


def row_of(covers: Sequence[Cover]) -> Row:
    """Those that hold anything that may be read, in order."""
    covers = [cover for cover in covers if cover.partitions]
    starts = [cover.manifest.data_start for cover in covers if cover.manifest.data_start is not None]
    goals = [cover.manifest.goal for cover in covers if cover.manifest.goal is not None]
    ordered = sorted(covers, key=lambda cover: (cover.density, -cover.definition.grain))
    return Row(tuple(ordered), min(starts, default=None), max(goals, default=None))
