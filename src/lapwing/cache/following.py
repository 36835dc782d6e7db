"""An ancestor never says what its fine rollup does not: where the two parted, nobody reads the ancestor."""

from __future__ import annotations

from dataclasses import replace

from lapwing.cache.leaf import Leaf
from lapwing.cache.manifest import Manifest
from lapwing.cache.partition import Partition


def mark_of(finest: str, partition: Partition) -> str:
    """What an ancestor's partition bears that was folded from this one; `finest` is the fine rollup's hash."""
    return f"{finest} {partition.version}"


def following(manifest: Manifest, finest: Manifest | None) -> Manifest:
    """The ancestor's manifest with what does not follow from the fine one's as it is now (a rollback, a build that is not
    done yet) in quarantine; the very same where all of it follows."""
    if finest is None:
        return replace(manifest, leaves=())
    marks = {one.start: mark_of(finest.definition, one) for one in finest.partitions if one.quarantined is None}
    leaves = tuple(_kept(leaf, marks) for leaf in manifest.leaves)
    return manifest if leaves == manifest.leaves else replace(manifest, leaves=leaves)


def _kept(leaf: Leaf, marks: dict[int, str]) -> Leaf:
    if all(one.mark == marks.get(one.start) for one in leaf.partitions):
        return leaf
    says = "It follows from another version of the rollup that it is folded from."
    kept = [one if one.mark == marks.get(one.start) else replace(one, quarantined=says) for one in leaf.partitions]
    return Leaf.of(kept, leaf.past)
