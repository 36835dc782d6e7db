"""How the keys of a project's rollups spread over a store: where a table of them is best cut, and how it is cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lapwing.cache.definition import Definition, define
from lapwing.cache.keys import rollup_prefix, values_prefix
from lapwing.cache.span import SPAN_LIMIT, source_span
from lapwing.cache.stretch import borders
from lapwing.model.problem import LapwingError
from lapwing.sql.bound import BoundDataset

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

MOST_SPLITS: Final = 100
"""More tablets than most clusters have nodes; Bigtable cuts on by itself, where the load is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tablet:
    """One tablet of a table: up to the key `end` (None: to the end of the table), with about so many `bytes`; `rollups` are
    those that may have rows in it, `end_of` that in whose rows it ends."""

    end: bytes | None
    bytes: int
    end_of: str | None
    rollups: tuple[str, ...]


def splits(lapwing: Lapwing) -> tuple[bytes, ...]:
    """The keys at which a new table is cut, sorted: where the chunks and the indexes of each rollup begin (its id is a hash,
    so rollups lie anywhere), and where the versions begin that the first build will write, one for each partition. A build
    writes each of them from one end to the other, and several at once: so each of its writers has a tablet. The store is not
    opened; the sources are asked from when to when they have data."""
    whole: list[bytes] = []
    versions: list[bytes] = []
    for dataset in lapwing.project.datasets.values():
        with suppress(LapwingError):
            bound = lapwing.sql.bind(dataset)
            rollups = _defined(lapwing, bound)
            whole += [prefix for one in rollups for prefix in (rollup_prefix(one.id), values_prefix(one.id))]
            span = source_span(lapwing.sql, bound, SPAN_LIMIT)
            if span is not None:
                counts = [(one, len(borders(one, span)) - 1) for one in rollups]
                versions += [rollup_prefix(one.id, number) for one, count in counts for number in range(2, count + 1)]
    whole = whole[:MOST_SPLITS]
    return tuple(sorted({*whole, *_thinned(versions, MOST_SPLITS - len(whole))}))


def owners(lapwing: Lapwing) -> dict[bytes, str]:
    """By the beginning of their keys, what belongs to which rollup. Rollups whose source does not answer now are left out."""
    found: dict[bytes, str] = {}
    for name in lapwing.project.datasets:
        with suppress(LapwingError):
            for one in lapwing.cache.definitions(name):
                found |= {rollup_prefix(one.id): one.name, values_prefix(one.id): f"{one.name} (index)"}
    return found


def tablets_of(named: dict[bytes, str], cut: Iterable[tuple[bytes, int]]) -> list[Tablet]:
    """The tablets of a table; `cut` are their ends (the last one is empty) and the bytes up to there, in order."""
    found: list[Tablet] = []
    start, before = b"", 0
    for end, size in cut:
        inside = {name for prefix, name in named.items() if (not end or prefix < end) and _end(prefix) > start}
        ends = next((name for prefix, name in named.items() if end.startswith(prefix)), None)
        found.append(Tablet(end=end or None, bytes=size - before, end_of=ends, rollups=tuple(sorted(inside))))
        start, before = end, size
    return found


def _end(prefix: bytes) -> bytes:
    return prefix + b"\xff" * 16


def _defined(lapwing: Lapwing, bound: BoundDataset) -> list[Definition]:
    found: list[Definition] = []
    for rollup in bound.dataset.rollups.values():
        with suppress(LapwingError):
            found.append(define(bound, rollup, lapwing.project.timezone))
    return found


def _thinned(keys: Sequence[bytes], most: int) -> Sequence[bytes]:
    """So many of the keys, evenly."""
    if len(keys) <= most:
        return keys
    return [keys[i * len(keys) // most] for i in range(most)]
