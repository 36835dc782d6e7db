"""Manifests as rows of a store: one that is replaced, and those of its leaves, which never change.

A row is compact JSON. Equal manifests give equal rows.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import astuple, fields, replace
from typing import Any

from lapwing.cache.keys import leaf_key
from lapwing.cache.leaf import Leaf, Summary, damaged, split
from lapwing.cache.manifest import Manifest
from lapwing.cache.partition import Building, Cause, Partition, partition_of
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import StoreError

FORMAT = 2

_INLINE = 256
"""Partitions of leaves that lie in the manifest's own row; when there are more, their leaves get rows of their own."""

_FIELDS = tuple(field.name for field in fields(Manifest) if field.name not in ("leaves", "building"))
_BUILDING_FIELDS = tuple(field.name for field in fields(Building))

Leaves = Mapping[bytes, Leaf]
"""Leaves fetched before, by their token."""


def spill(manifest: Manifest) -> Manifest:
    """The manifest with tokens for its leaves, where they are too much for its own row."""
    own = [leaf.summary for leaf in manifest.leaves if leaf.token is None]
    if sum(one.count + one.past for one in own) <= _INLINE:
        return manifest
    return replace(manifest, leaves=tuple(one if one.token else one.with_token(_token()) for one in manifest.leaves))


def encode(manifest: Manifest) -> bytes:
    """The manifest's row. The rows of leaves that have a token (see `leaf_rows`) must be in the store before it."""
    return _dumped(
        {
            "format": FORMAT,
            **{name: getattr(manifest, name) for name in _FIELDS},
            "building": [astuple(one) for one in manifest.building],
            "leaves": [[astuple(one.summary), one.token.hex() if one.token else one.body] for one in manifest.leaves],
        }
    )


def leaf_rows(rollup: bytes, leaves: Iterable[Leaf]) -> list[tuple[bytes, bytes]]:
    """The rows of leaves that have a token."""
    return [(leaf_key(rollup, leaf.token), _dumped(leaf.body)) for leaf in leaves if leaf.token]


def stored(manifest: Manifest) -> dict[bytes, Leaf]:
    """The leaves that have rows of their own, by token."""
    return {leaf.token: leaf for leaf in manifest.leaves if leaf.token}


def read(store: RollupStore, rollup: bytes, row: bytes, known: Leaves) -> Manifest | None:
    """The manifest of a row. None: someone has replaced it, and removed leaves that it named; get the row again.

    Raises:
        StoreError: it is damaged, or was written by a newer Lapwing.
    """
    try:
        found = json.loads(row)
        if found["format"] > FORMAT:
            raise StoreError.of(
                "store-newer",
                "The rollup store was written by a newer Lapwing.",
                hint="Upgrade Lapwing, or point the project at another store and build again.",
            )
        if found.pop("format") == 1:
            return _of_format_1(found)
        places = [(Summary(*summary), place) for summary, place in found.pop("leaves")]
        wanted = [
            token for _, place in places if isinstance(place, str) and (token := bytes.fromhex(place)) not in known
        ]
        rows = store.get([leaf_key(rollup, token) for token in wanted]) if wanted else []
        fetched = {token: one for token, one in zip(wanted, rows, strict=True) if one is not None}
        if len(fetched) < len(wanted):
            return None

        def leaf(summary: Summary, place: str | list[Any]) -> Leaf:
            if not isinstance(place, str):
                return Leaf(summary, place)
            token = bytes.fromhex(place)
            return known.get(token) or Leaf(summary, fetched[token], token)

        return Manifest(
            leaves=tuple(leaf(summary, place) for summary, place in places),
            building=tuple(Building(**dict(zip(_BUILDING_FIELDS, one, strict=True))) for one in found.pop("building")),
            removing=tuple((first, last) for first, last in found.pop("removing")),
            **found,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(error) from error


def _of_format_1(found: dict[str, Any]) -> Manifest:
    """As Lapwing wrote it before it kept a history: each partition was built as it is. What was replaced or not yet
    published is removed."""
    names = ("start", "end", "version", "keys", "cells", "bytes", "distinct", "built_at", "mark", "data_end", "sealed")
    partitions: list[Partition] = []
    for values in found["partitions"]:
        given = dict(zip(names, values, strict=True))
        start = max(given["start"], min(given["end"], found["data_start"] or given["start"]))
        since, cause, builder = given["built_at"], Cause.BUILT, "duckdb"
        partitions.append(partition_of([*values[:9], start, *values[9:], since, cause, builder, None, None]))
    gone = sorted(one["version"] for one in (*found["building"], *found["retired"]))
    return Manifest(
        rollup=found["rollup"],
        definition=found["definition"],
        grain=found["grain"],
        leaves=tuple(split(partitions, ())),
        removing=tuple((version, version) for version in gone),
        next_version=found["next_version"],
        data_start=found["data_start"],
        goal=found["goal"],
        changed_at=found["changed_at"],
    )


def _token() -> bytes:
    """A name that no leaf ever had: when it was made (so that what a crash left behind is known by its age), and chance."""
    return int(time.time() * 1e6).to_bytes(8, "big") + secrets.token_bytes(4)


def made_at(token: bytes) -> float:
    """When a leaf of this token was made, in seconds since 1970."""
    return int.from_bytes(token[:8], "big") / 1e6


def _dumped(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()
