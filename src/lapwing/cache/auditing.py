"""Auditing rollups: which are looked at, and what is known of them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lapwing.cache.audit import Audit, Audited, AuditRun, Budget, Kept, Pace
from lapwing.cache.bindings import Bindings
from lapwing.cache.chosen import chosen
from lapwing.cache.definition import Definition
from lapwing.cache.definitions import Definitions
from lapwing.cache.incident import Incident, Incidents
from lapwing.cache.look import Looker, Outcome
from lapwing.cache.looks import Looks, Reads
from lapwing.cache.manifests import Manifests
from lapwing.cache.marks import Marks
from lapwing.cache.progress import Failed
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.times import EVER
from lapwing.cache.truth import Engine
from lapwing.model.problem import LapwingError, StoreError
from lapwing.model.project import Project
from lapwing.sql.service import SqlService


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of a rollup's `partitions` that readers see, `looked` were looked at as they are now, and `equal` found so. `oldest` is
    the look longest ago (seconds since 1970; None: some were never looked at)."""

    rollup: str
    partitions: int
    looked: int
    equal: int
    oldest: float | None


class Audits:
    """Auditing, for a `Cache`. Safe to use from several threads."""

    def __init__(
        self,
        project: Project,
        sql: SqlService,
        store: RollupStore,
        bindings: Bindings,
        definitions: Definitions,
        engine: Engine,
        reads: Reads,
    ) -> None:
        self._project = project
        self._sql = sql
        self._store = store
        self._bindings = bindings
        self._definitions = definitions
        self._engine = engine
        self._reads = reads
        self._pace = Pace()
        self._incidents = Incidents(store)

    def run(
        self,
        which: str | None = None,
        *,
        budget: Budget | None = None,
        progress: Callable[[Audited], None] | None = None,
        cancel: threading.Event | None = None,
        chance: random.Random | None = None,
    ) -> Audit:
        """Looks at partitions of the rollups called `which` (a dataset, `dataset.rollup`, with what is folded from it; None:
        all). Those with an open incident that were built again come first, then by chance, the likelier the longer ago
        each was looked at and the more it is read.

        Raises:
            NotFound: no rollup of that name.
            Cancelled: `cancel` was set; what was found until then is noted.
            StoreError: the store can't be read or written.
        """
        began = time.monotonic()
        cancel = cancel or threading.Event()
        found = Audit()
        definitions = self._defined(which, found)
        kept = self._kept(definitions)
        run = AuditRun(
            store=self._store,
            looker=Looker(self._sql, self._store, self._engine, cancel),
            marks=Marks(self._sql),
            reads=self._reads,
            pace=self._pace,
            budget=budget or Budget(),
            found=found,
            chance=chance or random.Random(),  # noqa: S311  a sample, no secret
        )
        run.run(kept, self._again(which, definitions, kept, found), progress or (lambda _: None), cancel)
        self._incidents.sweep(time.time())
        found.seconds = time.monotonic() - began
        return found

    def incidents(self, which: str | None = None) -> tuple[Incident, ...]:
        """The incidents of these rollups, those resolved lately, too; the latest first.

        Raises:
            NotFound: no rollup of that name. StoreError: the store can't be read.
        """
        named = self._named(which)
        return tuple(one for one in self._incidents.all() if which is None or _declared(one) in named)

    def coverage(self) -> tuple[Coverage, ...]:
        """How much of each rollup was looked at. Raises StoreError where the store can't be read."""
        return tuple(self._covered(one) for one in self._kept(self._defined(None, Audit())))

    def _covered(self, kept: Kept) -> Coverage:
        partitions = kept.manifest.overlapping(-EVER, EVER)
        looks = Looks(self._store).of(kept.definition.id)
        found = [look for one in partitions if (look := looks.get(one.start)) and look.version == one.version]
        return Coverage(
            rollup=kept.definition.name,
            partitions=len(partitions),
            looked=len(found),
            equal=sum(look.outcome == Outcome.EQUAL for look in found),
            oldest=min((look.at for look in found), default=None) if len(found) == len(partitions) else None,
        )

    def _defined(self, which: str | None, found: Audit) -> list[Definition]:
        """The rollups to look at, with their ancestors."""
        definitions: list[Definition] = []
        for dataset, rollups in chosen(self._project, which).items():
            names = {rollup.name for rollup in rollups}
            try:
                defined = self._definitions.of(self._bindings.get(dataset).bound).definitions
            except StoreError:
                raise
            except LapwingError as error:
                found.failed.append(Failed(name=dataset, problems=error.problems))
            else:
                definitions += [one for one in defined if (one.follows or one).rollup.name in names]
        return definitions

    def _kept(self, definitions: Sequence[Definition]) -> list[Kept]:
        manifests = Manifests(self._store).read(definitions)
        found = ((one, manifests[one.manifest_key]) for one in definitions)
        return [Kept(one, manifest) for one, manifest in found if manifest is not None]

    def _again(
        self, which: str | None, definitions: Sequence[Definition], kept: Sequence[Kept], found: Audit
    ) -> list[tuple[Incident, Kept]]:
        """The open incidents, with their rollups. Those of what is not kept any more end here."""
        by_id = {one.definition.id: one for one in kept}
        named, failed = self._named(which), {one.name for one in found.failed}
        again: list[tuple[Incident, Kept]] = []
        for incident in self._incidents.open():
            one = by_id.get(incident.rollup_id)
            if one is not None and one.manifest.partition(incident.start) is not None:
                again.append((incident, one))
                continue
            dataset = incident.rollup.partition(".")[0]
            asked = which is None or _declared(incident) in named
            if asked and dataset not in failed:
                ended = self._incidents.resolve(incident, "It is not kept any more.")
                if ended is not None:
                    found.resolved.append(ended)
        return again

    def _named(self, which: str | None) -> set[str]:
        return {f"{dataset}.{one.name}" for dataset, of in chosen(self._project, which).items() for one in of}


def _declared(incident: Incident) -> str:
    """The rollup that an ancestor's name begins with, or the rollup itself."""
    return incident.rollup.partition("/")[0]
