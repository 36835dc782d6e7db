"""Statements through the shelf of kept results: told from there where that is right, else run, and kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, Final

import pyarrow as pa

from lapwing.model.failing import OnError
from lapwing.model.project import Project
from lapwing.query.ask import Wishes
from lapwing.query.results.entry import Entry, Facts, facts_of, told_time
from lapwing.query.results.flight import Flight
from lapwing.query.results.keeping import Fate, Keeping
from lapwing.query.results.key import key_of
from lapwing.query.results.shelf import Shelf
from lapwing.query.results.versions import Versions, versions_of
from lapwing.sources.base import Source
from lapwing.sources.bill import current
from lapwing.sources.patience import patient
from lapwing.sql.nodes import Plan
from lapwing.sql.replay import Wait
from lapwing.sql.run import Running
from lapwing.sql.service import SqlService

FOLDER: Final = "results"
_AFTER: Final = 5.0
"""Seconds for the versions of tables once all rows are told."""


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
        self.texts = project.query_log.texts
        self._flying: dict[str, Flight] = {}
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
        if wishes.max_age and (young := self.shelf.get(key, lambda facts: _young(facts.since, since, wishes))):
            return self._told(plan, young, wishes, query_id, sure=False)
        before = versions_of(plan, self._sources)
        if same := self._same(key, before):
            return self._told(plan, same, wishes, query_id, sure=True)
        if unkept := self._unkept(plan, before, wishes):
            self.ran()
            return Found(self._start(plan, given, wishes, query_id, before=before), Fate(unkept))
        flight, first = self._boarded(key, before, since, wishes)
        if not first:
            return self._following(key, flight, plan, given, wishes, query_id)
        if same := self._same(key, before):  # kept between the two looks
            flight.land()
            return self._told(plan, same, wishes, query_id, sure=True)
        self.ran()
        fate = Fate("Kept, if nothing comes in between.")
        after = partial(self._versions_after, plan)
        keeping = Keeping(self.shelf, key, before, after, fate, flight, texts=self.texts)
        with OnError(lambda _: flight.land()):
            flight.running = self._start(plan, given, wishes, query_id, keeping, before)
        return Found(flight.running, fate)

    def _versions_after(self, plan: Plan) -> Versions:
        with patient(_AFTER):  # all rows are told: who asked is not kept waiting
            return versions_of(plan, self._sources, anew=True)

    def _boarded(self, key: str, before: Versions, since: float, wishes: Wishes) -> tuple[Flight, bool]:
        """The flight to follow, or (True) a new one of which this is the first."""
        with self._lock:
            there = self._flying.get(key)
            if there is not None and not there.over and current() is None:
                same = before.of is not None and before.of == there.versions.of
                if same or _young(there.since, since, wishes):
                    return there, False
            flight = Flight(before, since, lambda: self._landed(key, flight))
            self._flying[key] = flight
            return flight, True

    def _landed(self, key: str, flight: Flight) -> None:
        with self._lock:
            if self._flying.get(key) is flight:
                del self._flying[key]

    def _following(
        self, key: str, flight: Flight, plan: Plan, given: Mapping[str, pa.Table], wishes: Wishes, query_id: str
    ) -> Found:
        """A statement that waits for the result of another that is the same."""
        fate = Fate("It waits for the same statement of someone else, whose result it will be told.")

        def find() -> Entry | None:
            if not flight.over:
                raise Wait(flight.wait)
            entry = self.shelf.get(key, lambda facts: facts.since == flight.since)
            if entry is None:
                self.ran()
                fate.says = "Not kept: it waited for the same statement of someone else, whose result was not kept."
            else:
                self.told(entry.facts)
                fate.facts, fate.sure = entry.facts, True
                fate.says = f"{_words(entry.facts, sure=True)} It was read for someone else meanwhile."
            return entry

        limit = wishes.time_limit
        return Found(self._sql.replay(plan, find, given=given, time_limit=limit, query_id=query_id), fate)

    def _same(self, key: str, before: Versions) -> Entry | None:
        return None if before.of is None else self.shelf.get(key, lambda facts: facts.versions == before.of)

    def foretold(self, plan: Plan, *, given: Mapping[str, pa.Table], wishes: Wishes) -> str:
        """What `run` would do now, in words."""
        why = self._refused(wishes)
        key = None if why else key_of(plan, given, self._configs)
        if key is None:
            return why or "Not kept: what metrics answered for it is too large to compare."
        facts, before, now = self.shelf.facts(key), versions_of(plan, self._sources), time.time()
        if facts is not None and _young(facts.since, now, wishes):
            return f"It would be told from the result kept of {told_time(facts.since)}, which is young enough."
        if facts is not None and before.of is not None and before.of == facts.versions:
            return (
                f"It would be told from the result kept of {told_time(facts.since)}: its tables are as they were then."
            )
        if (unkept := self._unkept(plan, before, wishes)) is not None:
            return unkept
        changed = f"the tables have changed since the one of {told_time(facts.since)}" if facts else "none is kept yet"
        return f"Its result would be kept; {changed}."

    def status(self, most: int) -> dict[str, Any]:
        """What is kept, JSON-ready, the `most` that were told last; sizes in bytes, `told`, `run` and `milliseconds_saved` of
        this process since it began."""
        kept = sorted(self.shelf.kept(), key=lambda one: -one.told)
        counts = self.counts
        shown = ((one, facts) for one in kept[:most] if (facts := facts_of(one.path)) is not None)
        return {
            "entries": len(kept),
            "bytes": sum(one.bytes for one in kept),
            "budget": self.shelf.budget,
            "told": counts.told,
            "run": counts.run,
            "milliseconds_saved": round(counts.milliseconds, 3),
            "results": [
                {
                    "since": told_time(facts.since),
                    "told": told_time(one.told),
                    "text": facts.text,
                    "tables": None if facts.versions is None else sorted(facts.versions),
                    "rows": facts.rows,
                    "bytes": one.bytes,
                    "milliseconds": round(facts.milliseconds, 3),
                }
                for one, facts in shown
            ],
        }

    def told(self, facts: Facts) -> None:
        """Counts one that was told."""
        self._count(Counts(told=1, milliseconds=facts.milliseconds))

    def ran(self) -> None:
        """Counts one that was run though it might have been told."""
        self._count(Counts(run=1))

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
        self.told(entry.facts)
        running = self._sql.replay(plan, lambda: entry, time_limit=wishes.time_limit, query_id=query_id)
        return Found(running, Fate(_words(entry.facts, sure=sure), entry.facts, sure))

    def _start(
        self,
        plan: Plan,
        given: Mapping[str, pa.Table],
        wishes: Wishes,
        query_id: str,
        taker: Keeping | None = None,
        before: Versions | None = None,
    ) -> Running:
        return self._sql.start(
            plan,
            given=given,
            time_limit=wishes.time_limit,
            query_id=query_id,
            taker=taker,
            versions=None if before is None else before.known,
        )

    def _count(self, more: Counts) -> None:
        with self._lock:
            now = self.counts
            self.counts = Counts(now.told + more.told, now.run + more.run, now.milliseconds + more.milliseconds)


def _young(since: float, now: float, wishes: Wishes) -> bool:
    """Whether what was read `since` then is what the caller takes."""
    return wishes.max_age is not None and 0 <= now - since <= wishes.max_age


def _words(facts: Facts, *, sure: bool) -> str:
    took = f"Told from the result kept of {told_time(facts.since)}, which took {facts.milliseconds:,.0f} ms"
    if sure:
        return f"{took}; its tables are as they were then."
    return f"{took}; it is no older than allowed, and its sources were not asked whether they changed."
