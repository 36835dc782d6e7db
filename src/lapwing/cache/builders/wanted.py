"""Is a version still to be written? Asked by workers, who may be repeated, or live longer than the build."""

from __future__ import annotations

from enum import Enum, auto

from lapwing.cache.home import Job
from lapwing.cache.keys import receipt_key
from lapwing.cache.ledger import Ledger
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import Conflict


class Wanted(Enum):
    YES = auto()
    """It is reserved, and not whole yet."""
    THERE = auto()
    """It has its receipt: all of it was written before."""


def wanted(store: RollupStore, job: Job, member: int, partition: int) -> Wanted:
    """Raises:
    Conflict: nobody waits for the version any more, and what is written of it would only take room.
    """
    one = job.order.members[member]
    definition, version = one.definition, one.versions[partition]
    (receipt,) = store.get([receipt_key(definition.id, version)])
    if receipt is not None:
        return Wanted.THERE
    if any(version in building.versions for building in Ledger.of(store, definition).read().building):
        return Wanted.YES
    raise Conflict.of(
        "build-superseded",
        f"Version {version} of {definition.name} is no longer wanted by the build that ordered it.",
        hint="Build again; what was published before stays readable.",
    )
