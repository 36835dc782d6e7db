"""What is remembered of the past of a rollup's partitions, and which versions may go."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import attrgetter

from lapwing.cache.leaf import Leaf, split
from lapwing.cache.manifest import Manifest, Range
from lapwing.cache.partition import Past
from lapwing.model.project import History

_BLOCK = 256


def expire(manifest: Manifest, history: History, grace: float, now: float) -> Manifest:
    """The manifest without the past that need not be remembered: its versions are then among those to be removed. What
    was replaced less than `grace` seconds ago stays, as someone may be reading it."""
    leaves: list[Leaf] = []
    gone: set[int] = set()
    for leaf in manifest.leaves:
        kept = _kept(leaf, history, grace, now)
        if len(kept) == leaf.summary.past:
            leaves.append(leaf)
            continue
        held = {p.version for p in leaf.partitions} | {one.partition.version for one in kept}
        gone |= {one.partition.version for one in leaf.past} - held - {0}
        leaves += split(leaf.partitions, kept)
    if len(leaves) == len(manifest.leaves) and all(map(_is, leaves, manifest.leaves)):
        return manifest
    return replace(manifest, leaves=tuple(leaves), removing=merged((*manifest.removing, *((v, v) for v in gone))))


def _is(one: Leaf, other: Leaf) -> bool:
    return one is other


def _kept(leaf: Leaf, history: History, grace: float, now: float) -> list[Past]:
    """The past that stays; of each partition it reaches back without a gap."""
    kept: list[Past] = []
    for start, ones in itertools.groupby(leaf.past, key=attrgetter("partition.start")):
        current = leaf.partition(start)
        versions = {current.version} if current else set()
        for one in reversed(list(ones)):
            versions.add(one.partition.version)
            age = now - one.until
            if age >= grace and (age >= history.keep.total_seconds() or len(versions) > history.versions + 1):
                break
            kept.append(one)
    return sorted(kept, key=lambda one: (one.partition.start, one.until))


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same versions in as few ranges as can be."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def within(version: int, ranges: Sequence[Range]) -> bool:
    """Whether one of `ranges` holds the version."""
    return any(first <= version <= last for first, last in ranges)


def used(manifest: Manifest) -> set[int]:
    """Versions that readers may hold, or builders be writing."""
    found = {p.version for p in manifest.partitions}
    found |= {one.partition.version for leaf in manifest.leaves for one in leaf.past}
    return found | {version for one in manifest.building for version in one.versions}


def prefixes(gone: Sequence[Range], manifest: Manifest) -> list[tuple[int, bool]]:
    """What to remove of a store for `gone` versions: (version, False), or (the first of 256 versions with seven bytes in
    common, True) where nobody uses any of them."""
    if sum(last - first + 1 for first, last in gone) < _BLOCK:
        return [(version, False) for first, last in gone for version in range(first, last + 1)]
    busy = {version // _BLOCK for version in used(manifest)} | {manifest.next_version // _BLOCK}
    found: list[tuple[int, bool]] = []
    done: set[int] = set()
    for version in (version for first, last in gone for version in range(first, last + 1)):
        block = version // _BLOCK
        if block in busy:
            found.append((version, False))
        elif block not in done:
            done.add(block)
            found.append((block * _BLOCK, True))
    return found
