"""Statements through the shelf of kept results: told from there where that is right, else run, and kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

import pyarrow as pa

from lapwing.model.project import Project
from lapwing.query.ask import Wishes
from lapwing.query.results.entry import Entry, Facts, told_time
from lapwing.query.results.keeping import Fate, Keeping
from lapwing.query.results.key import key_of
from lapwing.query.results.shelf import Shelf
from lapwing.query.results.versions import Versions, versions_of
from lapwing.sources.base import Source
from lapwing.sql.nodes import Plan
from lapwing.sql.run import Running
from lapwing.sql.service import SqlService

FOLDER: Final = "results"


@dataclass(frozen=True, slots=True)
class Found:
    """A statement under way, and what became of the question for a kept result of it."""

    running: Running
    fate: Fate


@dataclass(frozen=True, slots=True)
class Counts:
    """Of this process: statements told from a kept result, and those that were run though they might have been; the
    milliseconds that it took to make what was told."""

    told: int = 0
    run: int = 0
    milliseconds: float = 0.0


class Results:
    """Safe to use from several threads, and in several processes at once."""

    def __init__(self, project: Project, sql: SqlService, sources: Mapping[str, Source]) -> None:
        self.shelf = Shelf(project.state_path.parent / FOLDER, project.result_bytes)
        self.counts = Counts()
        self._configs, self._sql, self._sources = project.sources, sql, sources
        self._lock = Lock()

    def run(self, plan: Plan, *, given: Mapping[str, pa.Table], wishes: Wishes, query_id: str) -> Found:
        """Starts a planned statement, or tells the result that was kept of it: where the versions of its tables are those of
        now, or where it is no older than `wishes.max_age`. Raises as `SqlService.start`."""
        since = time.time()
        why = self._refused(wishes)
        key = None if why else key_of(plan, given, self._configs)
        if key is None:
            fate = Fate(why or "Not kept: what metrics answered for it is too large to compare.")
            return Found(self._start(plan, given, wishes, query_id), fate)
        if wishes.max_age:
            young = self.shelf.get(key, lambda facts: 0 <= since - facts.since <= (wishes.max_age or 0))
            if young is not None:
                return self._told(plan, young, wishes, query_id, sure=False)
        before = versions_of(plan, self._sources)
        same = None if before.of is None else self.shelf.get(key, lambda facts: facts.versions == before.of)
        if same is not None:
            return self._told(plan, same, wishes, query_id, sure=True)
        self._count(Counts(run=1))
        fate = Fate(self._unkept(plan, before, wishes) or "Kept, if nothing comes in between.")
        keeping = None
        if not fate.says.startswith("Not"):
            again = lambda: versions_of(plan, self._sources, anew=True)  # noqa: E731
            keeping = Keeping(self.shelf, key, before, again, fate, since)
        return Found(self._start(plan, given, wishes, query_id, keeping), fate)

    def foretold(self, plan: Plan, *, given: Mapping[str, pa.Table], wishes: Wishes) -> str:
        """What `run` would do now, in words."""
        why = self._refused(wishes)
        key = None if why else key_of(plan, given, self._configs)
        if key is None:
            return why or "Not kept: what metrics answered for it is too large to compare."
        facts, before, now = self.shelf.facts(key), versions_of(plan, self._sources), time.time()
        if facts is not None and wishes.max_age and 0 <= now - facts.since <= wishes.max_age:
            return f"It would be told from the result kept of {told_time(facts.since)}, which is young enough."
        if facts is not None and before.of is not None and before.of == facts.versions:
            return (
                f"It would be told from the result kept of {told_time(facts.since)}: its tables are as they were then."
            )
        if (unkept := self._unkept(plan, before, wishes)) is not None:
            return unkept
        changed = f"the tables have changed since the one of {told_time(facts.since)}" if facts else "none is kept yet"
        return f"Its result would be kept; {changed}."

    def _refused(self, wishes: Wishes) -> str | None:
        if not self.shelf.budget:
            return "Not kept: the project keeps no results (`results: {budget: 0}`)."
        return None if wishes.cache else "Not looked for among the kept results, as asked."

    def _unkept(self, plan: Plan, before: Versions, wishes: Wishes) -> str | None:
        """Why the answer to come is not kept; None where it is."""
        if before.of is None and not wishes.max_age:
            return f"Not kept: {before.why}; with a greatest age (max_age) it would be."
        # The plan was made before the versions were asked for: what changed in between is in them and not in it.
        return None if self._sql.holds(plan) else "Not kept: its tables changed while it was planned."

    def _told(self, plan: Plan, entry: Entry, wishes: Wishes, query_id: str, *, sure: bool) -> Found:
        self._count(Counts(told=1, milliseconds=entry.facts.milliseconds))
        running = self._sql.replay(plan, entry, time_limit=wishes.time_limit, query_id=query_id)
        return Found(running, Fate(_words(entry.facts, sure=sure), entry.facts, sure))

    def _start(
        self, plan: Plan, given: Mapping[str, pa.Table], wishes: Wishes, query_id: str, taker: Keeping | None = None
    ) -> Running:
        return self._sql.start(plan, given=given, time_limit=wishes.time_limit, query_id=query_id, taker=taker)

    def _count(self, more: Counts) -> None:
        with self._lock:
            now = self.counts
            self.counts = Counts(now.told + more.told, now.run + more.run, now.milliseconds + more.milliseconds)


def _words(facts: Facts, *, sure: bool) -> str:
    took = f"Told from the result kept of {told_time(facts.since)}, which took {facts.milliseconds:,.0f} ms"
    if sure:
        return f"{took}; its tables are as they were then."
    return f"{took}; it is no older than allowed, and its sources were not asked whether they changed."
