"""What is met damaged while it is read is put in quarantine: nobody reads it again, and the next build replaces it."""

from __future__ import annotations

from collections.abc import Sequence

from lapwing.cache.definition import Definition
from lapwing.cache.ledger import Ledger
from lapwing.cache.partition import Partition
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.verify import Verification, check_version
from lapwing.model.problem import Conflict, StoreError


def put_aside(store: RollupStore, definition: Definition, partitions: Sequence[Partition]) -> bool:
    """Looks which of the partitions are damaged and puts them in quarantine; whether there were any, and it could be
    noted."""
    ledger = Ledger.of(store, definition)
    found = False
    try:
        for one in partitions:
            wrong = next(check_version(store, definition, one, Verification()), None)
            if wrong is not None:
                kept = ledger.quarantine(one.start, wrong[1], one.version).partition(one.start)
                found = found or kept is None or kept.version != one.version or kept.quarantined is not None
    except (StoreError, Conflict):
        return False
    return found
