"""What watching every slice came to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """Of the last bucket: `watched` slices have support (`support` events a bucket, or that share of the whole where
    `counted` is None, the measure that is counted), `small` have not. `unread` are combinations of dimensions that have too
    many slices to be read. `looked` slices had a second look, over all of the history; evidence must reach `needed` to be
    told of one, among so many."""

    depth: int
    support: float
    counted: str | None
    watched: int
    small: int
    looked: int
    needed: float
    unread: tuple[str, ...] = ()

    def pack(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def unpack(text: str) -> Swept:
        """What `pack` kept."""
        kept = json.loads(text)
        return Swept(**{**kept, "unread": tuple(kept["unread"])})
