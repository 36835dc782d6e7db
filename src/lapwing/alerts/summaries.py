"""Incidents as the pages show them: the numbers, the cause, the chart, the story."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from lapwing.alerts.beside import events_beside
from lapwing.alerts.cases import Case
from lapwing.alerts.charts import around
from lapwing.alerts.feedback import cast, learned
from lapwing.alerts.history import Asking, condition
from lapwing.alerts.inputs import Window
from lapwing.alerts.journal import Journal
from lapwing.alerts.judged import Judged
from lapwing.alerts.record import STEPS
from lapwing.alerts.story import Telling
from lapwing.alerts.totals import Numbers, at_stake, numbers
from lapwing.alerts.views.incident import (
    Acknowledged,
    AtStake,
    CauseView,
    Comment,
    EventView,
    IncidentSummary,
    IncidentView,
    Related,
)
from lapwing.alerts.views.view import Chart, Json
from lapwing.alerts.why.change import Cause, Change
from lapwing.alerts.why.service import Question, Why
from lapwing.alerts.why.shown import change_json
from lapwing.alerts.why.stretches import earlier
from lapwing.alerts.words import signed
from lapwing.model.calendar import DAY, local_iso
from lapwing.model.monitor import Monitor
from lapwing.model.problem import LapwingError

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing


class Summaries:
    """Makes views of incidents. A cause is asked of the front door once, and kept."""

    def __init__(
        self, lapwing: Lapwing, why: Why, journal: Journal, windows: Callable[[Monitor], tuple[Window, ...]]
    ) -> None:
        """`windows`: the maintenance of a monitor, laid beside its incidents."""
        self._lapwing = lapwing
        self._why = why
        self._journal = journal
        self._windows = windows
        self._change = lru_cache(maxsize=128)(self._find_change)

    def summary(self, case: Case, folded: int, *, look: bool = True) -> IncidentSummary:
        """An incident that stands for `folded` others. With `look` its cause is looked for now, where nobody has yet."""
        judged, shown = case.judged, case.judged.metric.shown
        found = self._numbers(case)
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
            state=case.life.state,
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
            acknowledged=self._acknowledged(case),
            assignee=case.life.assignee,
            snoozed_until=self.iso(until) if (until := case.snoozed_until) is not None else None,
            reason=case.life.reason,
            flapping=case.life.flapping,
            votes=cast(case.votes, case.record.key, case.moment),
            learned=learned(case.votes, case.record.key, case.moment),
        )

    def _acknowledged(self, case: Case) -> Acknowledged | None:
        line = case.life.acknowledged
        return None if line is None else Acknowledged(at=self.iso(line.at), who=line.who)

    def _numbers(self, case: Case) -> Numbers:
        """As they were told last, where the data that they were of was restated since; else as the data is."""
        told = [line.data for line in case.lines if line.kind in STEPS and line.data.get("actual") is not None]
        if told and case.restated:
            last = told[-1]
            actual, expected = float(last["actual"]), float(last["expected"])
            lower, upper = (math.nan if last[name] is None else float(last[name]) for name in ("lower", "upper"))
            return Numbers(actual=actual, expected=expected, lower=lower, upper=upper, extra=actual - expected)
        return numbers(case.judged, case.row, case.episode.first, case.last)

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
        summary = self.summary(case, folded)
        return IncidentView(
            summary=summary,
            story=telling.story(case.counted, self._cause_at_opening(case), case.lines),
            comments=[
                Comment(at=self.iso(line.at), who=line.who, text=str(line.data["text"])) for line in case.life.comments
            ],
            why=self._shown(case, summary),
            related=self._related(case, found),
            receipt=self._receipt(case),
        )

    def kept_cause(self, case: Case, *, look: bool = True) -> Cause | None:
        """The cause of an incident as known, looked for where nobody has yet (without `look`: None then)."""
        of = self._numbers(case)
        moved = None if case.restated else (of.actual, of.expected)  # data that came late has another cause
        kept = self._journal.cause(case.id, case.until, moved)
        if kept is not None or not look:
            return kept
        found = self._change_of(case, case.last).cause
        with suppress(LapwingError):  # it is shown all the same, and found again by the next who asks
            self._journal.keep_cause(case.id, case.until, (of.actual, of.expected), found)
        return found

    def _cause_at_opening(self, case: Case) -> str:
        """As it was told then, where somebody looked; what the data says now may be another story."""
        told = self._journal.told_cause(case.id, int(case.judged.borders[case.episode.opened + 1]))
        return told if told is not None else self._change_of(case, case.episode.opened).cause.says

    def _change_of(self, case: Case, last: int) -> Change:
        """Of the incident's buckets up to `last`, against the same ones of weeks before, as the whole was expected."""
        judged, zone = case.judged, self._lapwing.project.timezone
        since, start, end = int(judged.borders[0]), case.start, int(judged.borders[last + 1])
        found = numbers(judged, case.row, case.episode.first, last)
        usual = found.expected / found.actual if found.actual > 0 and found.expected > 0 else None
        question = Question(
            metric=judged.monitor.metric,
            now=(start, end),
            before=tuple(one for one in earlier(start, end, zone) if one[0] >= since),
            where=condition(case.slice),
            fixed=tuple(name for name, _ in case.slice),
            direction=case.episode.direction,
            usual=usual,
        )
        return self._change(judged, question)

    def _find_change(self, judged: Judged, question: Question) -> Change:
        """`judged` is of one version of the data: what is found of it is kept for as long."""
        return self._why.find(question)

    def _shown(self, case: Case, summary: IncidentSummary) -> Json:
        stake = None if summary.at_stake is None else (summary.at_stake.amount, summary.at_stake.currency)
        events = [event.as_dict() for event in summary.events]
        return change_json(self._change_of(case, case.last), stake=stake, events=events, iso=self.iso)

    def _at_stake(self, case: Case, found: Numbers) -> AtStake | None:
        dataset = self._lapwing.project.datasets[case.judged.monitor.dataset]
        told = [line.data for line in case.lines if line.kind in STEPS and line.data.get("amount") is not None]
        if case.restated and told:
            return AtStake(amount=float(told[-1]["amount"]), currency=str(told[-1]["currency"]))
        money = at_stake(found, dataset, case.judged.metric)
        return None if money is None else AtStake(amount=money[0], currency=money[1])

    def _chart(self, case: Case) -> Chart:
        return around(case.judged, case.row, case.start, case.until, case.buckets)

    def _events(self, case: Case) -> list[EventView]:
        return events_beside(self._lapwing.project, case.start, case.until) + [
            EventView(name=window.name, start=self.iso(window.start), end=self.iso(window.end))
            for window in self._windows(case.judged.monitor)
            if window.start < case.until + DAY and case.start - DAY < window.end
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
