"""What rollups hold at a moment, in few words: enough to tell later from when on their answers may differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest

from lapwing.cache.manifest import Manifest
from lapwing.cache.partition import Partition

Holdings = Mapping[str, tuple[tuple[int, str], ...]]
"""By rollup and definition: of each partition in order its start (UTC microseconds), and what readers see of it."""


def holdings_of(manifests: Iterable[Manifest]) -> Holdings:
    """What they hold."""
    return {
        f"{one.rollup} {one.definition} {one.data_start}": tuple((part.start, _seen(part)) for part in one.partitions)
        for one in manifests
    }


def same_until(before: Holdings, now: Holdings) -> int | None:
    """The moment (UTC microseconds) before which answers from rollups are the same; None: from the beginning on they may
    differ.

    >>> same_until({"r": ((0, "1"), (10, "1"))}, {"r": ((0, "1"), (10, "2"))})
    10
    >>> same_until({"r": ((0, "1"),)}, {"r": ((0, "1"),), "another": ((0, "1"),)}) is None
    True
    """
    if before.keys() != now.keys() or not now:
        return None
    return min(_same_until(before[name], now[name]) for name in now)


def _same_until(before: tuple[tuple[int, str], ...], now: tuple[tuple[int, str], ...]) -> int:
    for old, new in zip_longest(before, now):
        if old != new:
            return min(part[0] for part in (old, new) if part is not None)
    return 1 << 62


def _seen(part: Partition) -> str:
    """Its version, how far that reaches and is complete, and whether it may be read."""
    said = (part.end, part.version, part.data_start, part.data_end, part.sealed)
    return " ".join(map(str, said)) + (" aside" if part.quarantined else "")
