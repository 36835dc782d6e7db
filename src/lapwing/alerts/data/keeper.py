"""Looks at every dataset that has a rollup, and writes down what is wrong with its data."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from lapwing.alerts.data import lines, seen
from lapwing.alerts.data.checks import CHECKS, checked
from lapwing.alerts.data.facts import Facts
from lapwing.alerts.data.finding import EXPLAINS, Finding
from lapwing.alerts.data.gather import Gatherer
from lapwing.alerts.history import series_key
from lapwing.alerts.journal import Journal
from lapwing.alerts.life import life
from lapwing.alerts.ready.learned import Learned
from lapwing.alerts.ready.readiness import Readiness, rows_of, rows_word
from lapwing.alerts.record import Record
from lapwing.alerts.recorded import Recorded
from lapwing.model.calendar import to_us
from lapwing.model.dataset import Dataset
from lapwing.model.monitor import Monitor
from lapwing.model.problem import LapwingError, Problem

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

PREFIX = "data:"
"""How names of what is watched of data begin; a monitor's can't."""


class DataKeeper:
    """Safe to use from several threads; of several processes that look at once, the first to write is right."""

    def __init__(
        self, lapwing: Lapwing, journal: Journal, learned: Learned, monitors: Callable[[], Sequence[Monitor]]
    ) -> None:
        self.readiness = Readiness(lapwing, learned, monitors)
        self._lapwing = lapwing
        self._journal = journal
        self._learned = learned
        self._monitors = monitors
        self._gatherer = Gatherer(lapwing, self.readiness)
        self._lock = threading.RLock()
        self._facts: dict[str, Facts] = {}
        self._recorded = Recorded(journal, PREFIX)
        self.troubles: dict[str, Problem] = {}
        """Datasets that could not be looked at, and why."""

    def look(self) -> None:
        """Looks at all of them now, and writes down what is new."""
        with self._lock:
            watched = [one for one in self._lapwing.project.datasets.values() if one.rollups]
            for dataset in watched:
                try:
                    self._look(dataset)
                except LapwingError as error:
                    self.troubles[dataset.name] = error.problems[0]
                    continue
                self.troubles.pop(dataset.name, None)
            on = {name_of(one.name, kind) for one in watched for kind in self._on(one)}
            gone = {one.monitor for one in self.records() if one.monitor not in on and life(one.lines).open}
            if gone:
                self._journal.end(sorted(gone), "unfollowed", to_us(self._lapwing.now()))

    def _look(self, dataset: Dataset) -> None:
        self.readiness.look(dataset)
        kept = self._learned.get(f"seen:{dataset.name}")
        facts = self._facts[dataset.name] = self._gatherer.facts(dataset, seen.unpack(kept))
        packed = facts.seen.pack()
        if packed != kept:
            self._learned.put(f"seen:{dataset.name}", facts.at, packed)
        found = {one.kind: one for one in checked(facts)}
        records = [one for one in self.records() if one.about.get("dataset") == dataset.name]
        explained = {kind for one in found for kind in EXPLAINS.get(one, ())}
        for kind in CHECKS:
            if kind in self._on(dataset):
                self._write(dataset, kind, found.get(kind), lines.of(records, kind), facts.at, kind in explained)

    def _on(self, dataset: Dataset) -> frozenset[str]:
        """What is checked. Where somebody watches all rows as a metric, how many there are is that metric's news."""
        whole = any(one.metric == rows_of(dataset) and not one.slice for one in self._monitors())
        return dataset.checks.on - {"volume"} if whole else dataset.checks.on

    def _write(
        self, dataset: Dataset, kind: str, finding: Finding | None, record: Record | None, at: int, explained: bool
    ) -> None:
        added = lines.additions(record, finding, at, explained=explained)
        if not added:
            return
        new = record is None or lines.is_new(record)
        key = (series_key(()), 0, at) if new or record is None else record.key
        about = {
            "kind": "data",
            "check": kind,
            "dataset": dataset.name,
            "metric": rows_of(dataset) or "",
            "label": dataset.shown.label,
            "unit": rows_word(dataset),
            "format": "",
            "better": None,
            "grain": "day",
        }
        self._journal.tell(name_of(dataset.name, kind), key, about, added)

    def records(self) -> tuple[Record, ...]:
        """All incidents about data, in order of their ids."""
        with self._lock:
            return self._recorded.records()

    def facts(self) -> Mapping[str, Facts]:
        """Of the last look, by dataset."""
        return dict(self._facts)

    def of_number(self, number: int) -> Record | None:
        """The record of an incident, if it is one about data."""
        return next((one for one in self.records() if one.id == number), None)


def name_of(dataset: str, kind: str) -> str:
    """What incidents of a kind are recorded by."""
    return f"{PREFIX}{dataset}:{kind}"
