"""Incidents as the pages show them: the numbers, the cause, the chart, the story."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from lapwing.alerts.cases import Case
from lapwing.alerts.cause import Cause
from lapwing.alerts.causes import Causes, Found
from lapwing.alerts.charts import around
from lapwing.alerts.history import Asking, Slice
from lapwing.alerts.judged import Judged
from lapwing.alerts.state import StateDatabase, StateError
from lapwing.alerts.story import Telling
from lapwing.alerts.totals import Numbers, at_stake, numbers
from lapwing.alerts.views import AtStake, CauseView, Chart, EventView, IncidentSummary, IncidentView, Json, Related
from lapwing.alerts.words import signed
from lapwing.model.calendar import local_iso, to_us

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

MOST_ROWS = 12
"""Rows of a breakdown that are shown."""


class Summaries:
    """Makes views of incidents. A cause is asked of the front door once, and kept."""

    def __init__(self, lapwing: Lapwing, causes: Causes, state: StateDatabase) -> None:
        self._lapwing = lapwing
        self._find_causes = causes
        self._state = state
        self._cause = lru_cache(maxsize=128)(self._find_cause)

    def summary(self, case: Case, folded: int, *, look: bool = True) -> IncidentSummary:
        """An incident that stands for `folded` others. With `look` its cause is looked for now, where nobody has yet."""
        judged, shown = case.judged, case.judged.metric.shown
        found = numbers(judged, case.row, case.episode.first, case.last)
        cause = self.kept_cause(case, look=look)
        return IncidentSummary(
            id=case.id,
            monitor=judged.monitor.name,
            metric=judged.monitor.metric,
            label=shown.label,
            unit=shown.unit,
            format=shown.format,
            better=None if shown.better is None else str(shown.better),
            grain=str(judged.monitor.grain),
            slice=dict(case.slice),
            state="open" if case.end is None else "resolved",
            opened=self.iso(case.start),
            known_at=self.iso(case.known_at),
            until=self.iso(case.until),
            resolved=None if case.end is None else self.iso(case.end),
            actual=found.actual,
            expected=found.expected,
            lower=found.lower,
            upper=found.upper,
            difference=found.difference,
            at_stake=self._at_stake(case, found),
            cause=None if cause is None else CauseView.of(cause),
            chart=self._chart(case),
            events=self._events(case),
            folded=folded,
        )

    def view(self, case: Case, folded: int, found: Sequence[Case]) -> IncidentView:
        """All about one incident; `found` are all that were known with it."""
        dataset = self._lapwing.project.datasets[case.judged.monitor.dataset]
        telling = Telling(
            judged=case.judged,
            dataset=dataset,
            row=case.row,
            episode=case.episode,
            zone=self._lapwing.project.timezone,
        )
        opening = self._cause_of(case, case.episode.opened)
        return IncidentView(
            summary=self.summary(case, folded),
            story=telling.story(case.buckets, opening.cause.says),
            causes=[replace(b, rows=b.rows[:MOST_ROWS]) for b in self._cause_of(case, case.last).breakdowns],
            related=self._related(case, found),
            receipt=self._receipt(case),
        )

    def kept_cause(self, case: Case, *, look: bool = True) -> Cause | None:
        """The cause of an incident as known, looked for where nobody has yet (without `look`: None then)."""
        kept = self._state.cause(case.id, case.until)
        if kept is not None or not look:
            return kept
        found = self._cause_of(case, case.last).cause
        with suppress(StateError):  # it is shown all the same, and found again by the next who asks
            self._state.keep_cause(case.id, case.until, found)
        return found

    def _cause_of(self, case: Case, last: int) -> Found:
        end = int(case.judged.borders[last + 1])
        return self._cause(case.judged, case.slice, case.start, end, case.episode.direction)

    def _find_cause(self, judged: Judged, within: Slice, start: int, end: int, direction: int) -> Found:
        return self._find_causes.find(judged, within, start, end, direction)

    def _at_stake(self, case: Case, found: Numbers) -> AtStake | None:
        dataset = self._lapwing.project.datasets[case.judged.monitor.dataset]
        money = at_stake(found, dataset, case.judged.metric)
        return None if money is None else AtStake(amount=money[0], currency=money[1])

    def _chart(self, case: Case) -> Chart:
        return around(case.judged, case.row, case.start, case.until, case.buckets)

    def _events(self, case: Case) -> list[EventView]:
        return [
            EventView(name=event.name, start=self.iso(to_us(event.start)), end=self.iso(to_us(event.end)))
            for event in self._lapwing.project.events
            if to_us(event.start) < case.until and case.start < to_us(event.end)
        ]

    def _related(self, case: Case, found: Sequence[Case]) -> list[Related]:
        """Incidents of other metrics of the dataset at the same time, of the same slice or the whole."""
        out = []
        for other in found:
            same = other.judged.monitor.dataset == case.judged.monitor.dataset and other.slice in ((), case.slice)
            if not same or other.judged.monitor.metric == case.judged.monitor.metric or not case.overlaps(other):
                continue
            shown = other.judged.metric.shown
            moved = numbers(other.judged, other.row, other.episode.first, other.last)
            out.append(
                Related(
                    id=other.id,
                    metric=other.judged.monitor.metric,
                    label=shown.label,
                    slice=dict(other.slice),
                    says=f"{signed(moved.difference, shown.format, shown.unit)} in the same days",
                    series=self._chart(other).actual,
                )
            )
        return out

    def _receipt(self, case: Case) -> Json:
        """Of the incident's own numbers: what answers for its slice and time."""
        asking = Asking(lapwing=self._lapwing, measured=case.judged.measured, zone=self._lapwing.project.timezone)
        return asking.receipt(case.slice, case.judged.monitor.grain, case.start, case.until)

    def iso(self, moment: int) -> str:
        """A moment in the project's zone."""
        return local_iso(moment, self._lapwing.project.timezone)
