"""From judged monitors to what the pages show, as it was known at one moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from lapwing.alerts.cause import Cause
from lapwing.alerts.causes import Causes, Found
from lapwing.alerts.history import Asking, Slice
from lapwing.alerts.incidents import Episode
from lapwing.alerts.judged import Judged
from lapwing.alerts.state import StateDatabase
from lapwing.alerts.story import Telling
from lapwing.alerts.totals import Numbers, at_stake, numbers
from lapwing.alerts.views import (
    AtStake,
    Board,
    CauseView,
    Chart,
    Day,
    EventView,
    IncidentSummary,
    IncidentView,
    Json,
    Quiet,
    Related,
    Resolved,
    Watching,
    listed,
)
from lapwing.alerts.words import signed
from lapwing.model.calendar import edges, local_iso, to_us
from lapwing.model.grain import Grain, Unit
from lapwing.model.problem import NotFound

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

HOUR = 3_600_000_000
DAY = 24 * HOUR
LATELY = 2 * DAY
"""How long a resolved incident stays on the board's last line."""
MOST_QUIET = 12
"""Quiet series shown for one monitor."""
MOST_BREAKDOWN_ROWS = 12


@dataclass(frozen=True, eq=False)
class Known:
    """A judged monitor, the ids of its incidents, and the data (a watermark) it was judged on."""

    judged: Judged
    ids: Mapping[tuple[str, int, int], int]
    mark: int


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """An incident as known when `buckets` buckets were. Its life is [start, end) in UTC microseconds: `end` is when it was
    known to be over, None while it is open."""

    id: int
    judged: Judged
    row: int
    episode: Episode
    buckets: int

    @property
    def slice(self) -> Slice:
        return self.judged.slices[self.row]

    @property
    def start(self) -> int:
        return int(self.judged.borders[self.episode.first])

    @property
    def known_at(self) -> int:
        return int(self.judged.known[self.episode.opened])

    @property
    def end(self) -> int | None:
        resolved = self.episode.resolved
        return None if resolved is None else int(self.judged.known[resolved])

    @property
    def last(self) -> int:
        """The last bucket its numbers count."""
        return min(self.episode.last, self.buckets - 1)

    def overlaps(self, other: Case) -> bool:
        return self.start < (other.end or 1 << 62) and other.start < (self.end or 1 << 62)

    def stands_for(self, other: Case) -> bool:
        """This one is of the whole, and `other` of a part of it: the same metric moved the same way at the same time."""
        return (
            self.judged.monitor.metric == other.judged.monitor.metric
            and self.episode.direction == other.episode.direction
            and set(self.slice) < set(other.slice)
            and self.overlaps(other)
        )


def series_key(within: Slice) -> str:
    """How a slice is written in the state database."""
    return json.dumps(within)


def cases(known: Iterable[Known], moment: int) -> list[Case]:
    """All incidents that people could know of at a moment, by when they could."""
    out = []
    for one in known:
        judged = one.judged
        buckets = judged.known_buckets(moment)
        for row, (within, episodes) in enumerate(zip(judged.slices, judged.episodes, strict=True)):
            for episode in episodes:
                seen = episode.until(buckets)
                key = (series_key(within), episode.direction, int(judged.borders[episode.opened]))
                if seen is not None and key in one.ids:
                    out.append(Case(one.ids[key], judged, row, seen, buckets))
    return sorted(out, key=lambda case: (case.known_at, case.id))


def folded(found: Sequence[Case]) -> dict[int, list[Case]]:
    """The incidents to show, each with those of its slices that it stands for."""
    hidden = {part.id for part in found if any(whole.stands_for(part) for whole in found)}
    return {one.id: [part for part in found if one.stands_for(part)] for one in found if one.id not in hidden}


class BoardMaker:
    """Makes views. Causes are asked of the front door once, and kept."""

    def __init__(self, lapwing: Lapwing, causes: Causes, state: StateDatabase) -> None:
        self._lapwing = lapwing
        self._find_causes = causes
        self._state = state
        self._cause = lru_cache(maxsize=128)(self._find_cause)

    @property
    def _zone(self) -> str:
        return self._lapwing.project.timezone

    def board(self, known: Sequence[Known], moment: int, *, followed: int) -> Board:
        found = cases(known, moment)
        shown = folded(found)
        standing = [case for case in found if case.id in shown]
        live = [self._summary(case, len(shown[case.id])) for case in standing if case.end is None]
        live.sort(key=lambda one: (-(one.at_stake.amount if one.at_stake else 0.0), one.known_at))
        over = [case for case in standing if case.end is not None and moment - case.end <= LATELY]
        busy = {(case.judged.monitor.name, case.row) for case in found if case.end is None}
        now = to_us(self._lapwing.now())
        until = [int(one.judged.borders[one.judged.known_buckets(moment)]) for one in known]
        last = [int(one.judged.known[buckets - 1]) for one in known if (buckets := one.judged.known_buckets(moment))]
        return Board(
            as_of=self._iso(moment),
            now=self._iso(now),
            pinned=self._lapwing.project.now is not None,
            data_until=self._iso(max(until)) if until else None,
            followed=followed,
            incidents=live,
            quiet=[quiet for one in known for quiet in self._quiet(one.judged, moment, busy)],
            resolved=[self._resolved(case) for case in reversed(over)],
            next_check=self._next_check(known, moment),
            last_check=self._iso(max(last)) if last else None,
            days=self._days(known, now),
            watching=Watching(
                metrics=len({one.judged.monitor.metric for one in known}),
                series=sum(len(one.judged.slices) for one in known),
            ),
        )

    def incidents(
        self, known: Sequence[Known], moment: int, start: int | None, end: int | None
    ) -> list[IncidentSummary]:
        found = cases(known, moment)
        shown = folded(found)
        chosen = [
            case
            for case in found
            if case.id in shown
            and (end is None or case.start < end)
            and (start is None or case.end is None or case.end > start)
        ]
        return [self._summary(case, len(shown[case.id])) for case in reversed(chosen)]

    def incident(self, known: Sequence[Known], number: int, moment: int) -> IncidentView:
        found = cases(known, moment)
        case = next((one for one in found if one.id == number), None)
        if case is None:
            raise NotFound.of(
                "unknown-incident",
                f"There is no incident {number}, or it was not known yet on {self._iso(moment)[:10]}.",
            )
        dataset = self._lapwing.project.datasets[case.judged.monitor.dataset]
        telling = Telling(judged=case.judged, dataset=dataset, row=case.row, episode=case.episode, zone=self._zone)
        opening = self._cause_of(case, case.episode.opened)
        parts = folded(found).get(case.id, [])
        return IncidentView(
            summary=self._summary(case, len(parts)),
            story=telling.story(case.buckets, opening.cause.says),
            causes=[replace(b, rows=b.rows[:MOST_BREAKDOWN_ROWS]) for b in self._cause_of(case, case.last).breakdowns],
            related=self._related(case, found),
            receipt=self._receipt(case),
        )

    def _summary(self, case: Case, parts: int) -> IncidentSummary:
        judged, shown = case.judged, case.judged.metric.shown
        found = numbers(judged, case.row, case.episode.first, case.last)
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
            opened=self._iso(case.start),
            known_at=self._iso(case.known_at),
            until=self._iso(int(judged.borders[case.last + 1])),
            resolved=None if case.end is None else self._iso(case.end),
            actual=found.actual,
            expected=found.expected,
            lower=found.lower,
            upper=found.upper,
            difference=found.difference,
            at_stake=self._at_stake(case, found),
            cause=CauseView.of(self._kept_cause(case)),
            chart=self._chart(case),
            events=self._events(case),
            folded=parts,
        )

    def _at_stake(self, case: Case, found: Numbers) -> AtStake | None:
        dataset = self._lapwing.project.datasets[case.judged.monitor.dataset]
        money = at_stake(found, dataset, case.judged.metric)
        return None if money is None else AtStake(amount=money[0], currency=money[1])

    def _cause_of(self, case: Case, last: int) -> Found:
        borders = case.judged.borders
        return self._cause(case.judged, case.slice, case.start, int(borders[last + 1]), case.episode.direction)

    def _kept_cause(self, case: Case) -> Cause:
        until = int(case.judged.borders[case.last + 1])
        kept = self._state.cause(case.id, until)
        if kept is not None:
            return kept
        found = self._cause_of(case, case.last).cause
        self._state.keep_cause(case.id, until, found)
        return found

    def _find_cause(self, judged: Judged, within: Slice, start: int, end: int, direction: int) -> Found:
        return self._find_causes.find(judged, within, start, end, direction)

    def _chart(self, case: Case) -> Chart:
        """Some time before, the incident, and some time after it as far as known."""
        grain = case.judged.monitor.grain
        before, after = (2 * DAY, DAY) if grain.fixed else (28 * DAY, 7 * DAY)
        ended = int(case.judged.borders[case.last + 1]) + after
        return self._window(
            case.judged, case.row, case.start - before, min(case.buckets, self._bucket(case.judged, ended))
        )

    def _bucket(self, judged: Judged, moment: int) -> int:
        return int(np.searchsorted(judged.borders[:-1], moment, side="left"))

    def _window(self, judged: Judged, row: int, start: int, stop: int) -> Chart:
        part = np.s_[row, self._bucket(judged, start) : stop]
        found = judged.detection
        ready = np.where(found.ready[part], 1.0, np.nan)
        actual, lower, upper = judged.actual[part], found.lower[part], found.upper[part]
        return Chart(
            time=(judged.borders[:-1][part[1]] // 1000).tolist(),
            actual=listed(actual),
            expected=listed(found.expected[part] * ready),
            lower=listed(lower * ready),
            upper=listed(upper * ready),
            outside=(found.ready[part] & ((actual < lower) | (actual > upper))).tolist(),
            until=int(judged.borders[stop]) // 1000,
        )

    def _events(self, case: Case) -> list[EventView]:
        start, end = case.start, int(case.judged.borders[case.last + 1])
        return [
            EventView(name=event.name, start=self._iso(to_us(event.start)), end=self._iso(to_us(event.end)))
            for event in self._lapwing.project.events
            if to_us(event.start) < end and start < to_us(event.end)
        ]

    def _quiet(self, judged: Judged, moment: int, busy: set[tuple[str, int]]) -> list[Quiet]:
        stop = judged.known_buckets(moment)
        if not stop:
            return []
        length = 3 * DAY if judged.monitor.grain.fixed else 28 * DAY
        shown = judged.metric.shown
        out = []
        rows = [row for row in range(len(judged.slices)) if (judged.monitor.name, row) not in busy]
        for row in sorted(rows, key=lambda row: len(judged.slices[row]))[:MOST_QUIET]:
            chart = self._window(judged, row, int(judged.borders[stop]) - length, stop)
            values = [value for value in chart.actual if value is not None]
            out.append(
                Quiet(
                    monitor=judged.monitor.name,
                    metric=judged.monitor.metric,
                    label=shown.label,
                    slice=dict(judged.slices[row]),
                    unit=shown.unit,
                    format=shown.format,
                    value=values[-1] if values else None,
                    ready=bool(judged.detection.ready[row, :stop].any()),
                    time=chart.time,
                    series=chart.actual,
                    expected=chart.expected,
                    lower=chart.lower,
                    upper=chart.upper,
                )
            )
        return out

    def _resolved(self, case: Case) -> Resolved:
        return Resolved(
            id=case.id,
            metric=case.judged.monitor.metric,
            label=case.judged.metric.shown.label,
            slice=dict(case.slice),
            opened=self._iso(case.start),
            resolved=self._iso(case.end or 0),
        )

    def _related(self, case: Case, found: Sequence[Case]) -> list[Related]:
        """Incidents of other metrics of the dataset at the same time, of the same slice or the whole."""
        out = []
        for other in found:
            same = other.judged.monitor.dataset == case.judged.monitor.dataset and other.slice in ((), case.slice)
            if not same or other.judged.monitor.metric == case.judged.monitor.metric or not case.overlaps(other):
                continue
            chart, shown = self._chart(other), other.judged.metric.shown
            moved = numbers(other.judged, other.row, other.episode.first, other.last)
            out.append(
                Related(
                    id=other.id,
                    metric=other.judged.monitor.metric,
                    label=shown.label,
                    slice=dict(other.slice),
                    says=f"{signed(moved.difference, shown.format, shown.unit)} in the same days",
                    series=chart.actual,
                )
            )
        return out

    def _receipt(self, case: Case) -> Json:
        """Of the incident's own numbers: what answers for its slice and time."""
        asking = Asking(lapwing=self._lapwing, measured=case.judged.measured, zone=self._zone)
        return asking.receipt(
            case.slice, case.judged.monitor.grain, case.start, int(case.judged.borders[case.last + 1])
        )

    def _next_check(self, known: Sequence[Known], moment: int) -> str | None:
        """When the next bucket of any monitor can be judged."""
        soonest = []
        for one in known:
            judged = one.judged
            buckets = judged.known_buckets(moment)
            if buckets < len(judged.known):
                soonest.append(int(judged.known[buckets]))
            elif len(judged.known):
                week_start = self._lapwing.project.week_start
                at = max(moment - judged.complete_after, int(judged.borders[-1]))
                soonest.append(
                    int(edges(judged.monitor.grain, self._zone, at, at + 1, week_start)[-1]) + judged.complete_after
                )
        return self._iso(min(soonest)) if soonest else None

    def _days(self, known: Sequence[Known], now: int) -> list[Day]:
        """How many incidents were open on each day of the history, as known by now."""
        starts = [int(one.judged.borders[0]) for one in known if len(one.judged.borders) > 1]
        if not starts:
            return []
        found = cases(known, now)
        shown = folded(found)
        borders = edges(Grain(1, Unit.DAY), self._zone, min(starts), max(now, min(starts) + 1))
        count = np.zeros(len(borders), np.int64)
        for case in found:
            if case.id in shown:
                first = int(np.searchsorted(borders, case.known_at, side="right")) - 1
                last = int(np.searchsorted(borders, case.end if case.end is not None else now, side="left")) - 1
                count[first : max(last, first) + 1] += 1
        return [
            Day(day=self._iso(int(border))[:10], open=int(open_then))
            for border, open_then in zip(borders[:-1], count[:-1], strict=True)
        ]

    def _iso(self, moment: int) -> str:
        return local_iso(moment, self._zone)
