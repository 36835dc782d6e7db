"""Looking after rollups: their history, rollback, verification and repair."""

from __future__ import annotations

import threading
from collections.abc import Callable

from lapwing.cache.bindings import Bindings
from lapwing.cache.chosen import chosen
from lapwing.cache.definition import Definition, define
from lapwing.cache.history import RolledBack, Seen, Target, roll_back, seen
from lapwing.cache.ledger import Ledger
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.verify import Finding, Verification, Verified, Verifier, versions
from lapwing.model.project import Project


class Upkeep:
    """For a `Cache`. Rollups are those called `which`: a dataset, `dataset.rollup`; None: all. Safe to use from several
    threads."""

    def __init__(self, project: Project, store: RollupStore, bindings: Bindings) -> None:
        self._project = project
        self._store = store
        self._bindings = bindings

    def history(self, which: str | None = None, start: int | None = None, end: int | None = None) -> list[Seen]:
        """What is remembered of the partitions that overlap `[start, end)`, the latest of each partition first.

        Raises:
            NotFound: no rollup of that name. Refused: it can't be kept as it is defined.
        """
        return [
            one
            for definition in self._definitions(which)
            for one in seen(definition.name, Ledger.of(self._store, definition).read(), start, end)
        ]

    def roll_back(
        self,
        which: str,
        target: Target,
        start: int | None = None,
        end: int | None = None,
        *,
        dry_run: bool = False,
    ) -> list[RolledBack]:
        """Puts versions back; see `history.roll_back` for what it raises. Builds leave them alone until the source of the
        partition changes."""
        ledgers = {one.name: Ledger.of(self._store, one) for one in self._definitions(which)}
        return roll_back(ledgers, target, start, end, dry_run=dry_run)

    def verify(
        self,
        which: str | None = None,
        *,
        progress: Callable[[Verified], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Verification:
        """Looks at every row of the rollups.

        Raises:
            Cancelled: `cancel` was set. StoreError: the store can't be read.
        """
        definitions = self._definitions(which)
        total = sum(len(versions(Ledger.of(self._store, one))) for one in definitions)
        work = Verifier(self._store, total, progress or (lambda _: None), cancel or threading.Event())
        for one in definitions:
            work.rollup(one)
        return work.found

    def put_aside(self, findings: list[Finding]) -> None:
        """Nobody reads damaged versions any more, and the next build replaces those that readers saw; orphans are removed."""
        ledgers = {one.name: Ledger.of(self._store, one) for one in self._definitions(None)}
        for one in findings:
            ledger = ledgers[one.rollup]
            if one.start is None:
                ledger.remove_version(one.version)
            else:
                ledger.quarantine(one.start, one.says, one.version)

    def _definitions(self, which: str | None) -> list[Definition]:
        return [
            define(self._bindings.get(dataset).bound, rollup, self._project.timezone)
            for dataset, rollups in chosen(self._project, which).items()
            for rollup in rollups
        ]
