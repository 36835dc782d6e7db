"""What needs a look, and what is quiet, as it was known at one moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lapwing.alerts.alarms import realised
from lapwing.alerts.cases import Case, Known, cases
from lapwing.alerts.charts import latest
from lapwing.alerts.folding import explaining_others, unified
from lapwing.alerts.judged import Judged
from lapwing.alerts.keeper import Kept
from lapwing.alerts.score import ScoreView, score
from lapwing.alerts.standing import folded
from lapwing.alerts.summaries import Summaries
from lapwing.alerts.views.board import AlarmsView, Board, Day, Quiet, Resolved, Snoozed, Trouble, Watching
from lapwing.alerts.views.incident import IncidentSummary, IncidentView
from lapwing.alerts.why.factors import explaining
from lapwing.model.calendar import DAY, edges, to_us
from lapwing.model.grain import Grain, Unit
from lapwing.model.monitor import Monitor
from lapwing.model.problem import NotFound

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

LATELY = 2 * DAY
"""How long a resolved incident stays on the board's last line."""
MOST_QUIET = 12
"""Quiet series shown for one monitor."""


class BoardMaker:
    """Lays out what is known."""

    def __init__(self, lapwing: Lapwing, summaries: Summaries) -> None:
        self._lapwing = lapwing
        self._summaries = summaries
        self._iso = summaries.iso
        self._factors = {
            name: of for dataset in lapwing.project.datasets.values() for name, of in explaining(dataset).items()
        }

    def explaining_others(self, found: Sequence[Case]) -> dict[int, int]:
        """Of all that were known at a moment those that are told with one of another metric, and with which."""
        return explaining_others(found, self._factors)

    def board(self, kept: Kept, monitors: Sequence[Monitor], moment: int) -> Board:
        """The board at a moment (UTC microseconds); the most money, then the longest known, first."""
        known = kept.known
        found = cases(known, moment)
        shown = folded(found)
        standing = [case for case in found if case.id in shown]
        asleep = [case for case in standing if case.snoozed_until is not None]
        # One of a metric that explains another's is told with that, while both are open.
        awake = [case for case in standing if case.end is None and case.snoozed_until is None]
        told = unified(awake, self._factors)
        live = [
            self._summaries.summary(case, sum(1 + len(shown[one.id]) for one in told[case.id]) + len(shown[case.id]))
            for case in awake
            if case.id in told
        ]
        live.sort(key=lambda one: (-(one.at_stake.amount if one.at_stake else 0.0), one.known_at))
        over = [case for case in standing if case.life.state == "resolved" and moment - (case.end or 0) <= LATELY]
        busy = {(case.judged.monitor.name, case.row) for case in found if case.end is None}
        now = to_us(self._lapwing.now())
        until = [int(one.judged.borders[one.judged.known_buckets(moment)]) for one in known]
        last = [int(one.judged.known[buckets - 1]) for one in known if (buckets := one.judged.known_buckets(moment))]
        return Board(
            as_of=self._iso(moment),
            now=self._iso(now),
            pinned=self._lapwing.project.now is not None,
            data_until=self._iso(max(until)) if until else None,
            followed=len(monitors),
            incidents=live,
            quiet=[quiet for one in known for quiet in _quiet(one.judged, moment, busy)],
            snoozed=[self._snoozed(case) for case in asleep],
            resolved=[self._resolved(case) for case in reversed(over)],
            next_check=self._next_check(known, moment),
            last_check=self._iso(max(last)) if last else None,
            days=self._days(known, now),
            watching=Watching(
                metrics=len({monitor.metric for monitor in monitors}),
                series=sum(one.judged.watched for one in known),
                alarms=realised(standing, self._lapwing.project.budget, moment),
            ),
            judging=list(kept.pending),
            troubles=[
                Trouble(monitor=name, says=f"{problem.message} {problem.hint or ''}".strip())
                for name, problem in kept.troubles.items()
            ],
        )

    def incidents(
        self, known: Sequence[Known], moment: int, start: int | None, end: int | None
    ) -> list[IncidentSummary]:
        """Those that were going on in [start, end), the newest first."""
        found = cases(known, moment)
        shown = folded(found)
        chosen = [
            case
            for case in found
            if case.id in shown
            and (end is None or case.start < end)
            and (start is None or case.end is None or case.end > start)
        ]
        return [self._summaries.summary(case, len(shown[case.id]), look=False) for case in reversed(chosen)]

    def alarms(self, known: Sequence[Known], moment: int) -> AlarmsView:
        """What was raised lately."""
        found = cases(known, moment)
        shown = folded(found)
        return realised((case for case in found if case.id in shown), self._lapwing.project.budget, moment)

    def scores(self, known: Sequence[Known], names: Collection[str], since: int, moment: int) -> list[ScoreView]:
        """How good monitors were."""
        found = cases(known, moment)
        shown = folded(found)
        zone, datasets = self._lapwing.project.timezone, self._lapwing.project.datasets
        out = []
        for one in known:
            monitor = one.judged.monitor
            if monitor.name in names:
                of = [case for case in found if case.id in shown and case.judged is one.judged]
                out.append(score(one.judged, of, datasets[monitor.dataset], since, moment, zone))
        return out

    def find_causes(self, known: Sequence[Known], moment: int, go_on: Callable[[], None]) -> int:
        """Looks for the causes of all that is shown, the newest first; `go_on` is asked before each."""
        found = cases(known, moment)
        shown = folded(found)
        looked = 0
        for case in reversed(found):
            if case.id in shown and self._summaries.kept_cause(case, look=False) is None:
                go_on()
                self._summaries.kept_cause(case)
                looked += 1
        return looked

    def incident(self, known: Sequence[Known], number: int, moment: int) -> IncidentView:
        """One incident.

        Raises:
            NotFound: there is none of that number, or it was not known yet.
        """
        found = cases(known, moment)
        case = self.case(known, number, moment)
        return self._summaries.view(case, len(folded(found).get(case.id, [])), found)

    def case(self, known: Sequence[Known], number: int, moment: int) -> Case:
        """
        Raises:
            NotFound: there is none of that number, or it was not known yet.
        """
        case = next((one for one in cases(known, moment) if one.id == number), None)
        if case is None:
            raise NotFound.of(
                "unknown-incident",
                f"There is no incident {number}, or it was not known yet on {self._iso(moment)[:10]}.",
            )
        return case

    def _snoozed(self, case: Case) -> Snoozed:
        return Snoozed(
            id=case.id,
            metric=case.judged.monitor.metric,
            label=case.judged.metric.shown.label,
            slice=dict(case.slice),
            until=self._iso(case.snoozed_until or 0),
        )

    def _resolved(self, case: Case) -> Resolved:
        return Resolved(
            id=case.id,
            metric=case.judged.monitor.metric,
            label=case.judged.metric.shown.label,
            slice=dict(case.slice),
            opened=self._iso(case.start),
            resolved=self._iso(case.end or 0),
        )

    def _next_check(self, known: Sequence[Known], moment: int) -> str | None:
        """When the next bucket of any monitor can be judged."""
        zone, week_start = self._lapwing.project.timezone, self._lapwing.project.week_start
        soonest = []
        for one in known:
            judged = one.judged
            buckets = judged.known_buckets(moment)
            if buckets < len(judged.known):
                soonest.append(int(judged.known[buckets]))
            elif len(judged.known):
                at = max(moment - judged.complete_after, int(judged.borders[-1]))
                end = edges(judged.monitor.grain, zone, at, at + 1, week_start)[-1]
                soonest.append(int(end) + judged.complete_after)
        return self._iso(min(soonest)) if soonest else None

    def _days(self, known: Sequence[Known], now: int) -> list[Day]:
        """How many incidents were open on each day of the history, as known by now."""
        starts = [int(one.judged.borders[0]) for one in known if len(one.judged.borders) > 1]
        if not starts:
            return []
        found = cases(known, now)
        shown = folded(found)
        zone = self._lapwing.project.timezone
        borders = edges(Grain(1, Unit.DAY), zone, min(starts), max(now, min(starts) + 1))
        count = np.zeros(len(borders), np.int64)
        for case in found:
            if case.id in shown and case.life.state != "retracted":
                first = int(np.searchsorted(borders, case.known_at, side="right")) - 1
                last = int(np.searchsorted(borders, case.end if case.end is not None else now, side="left")) - 1
                count[first : max(last, first) + 1] += 1
        return [
            Day(day=self._iso(int(border))[:10], open=int(open_then))
            for border, open_then in zip(borders[:-1], count[:-1], strict=True)
        ]


def _quiet(judged: Judged, moment: int, busy: set[tuple[str, int]]) -> list[Quiet]:
    stop = judged.known_buckets(moment)
    if not stop:
        return []
    shown = judged.metric.shown
    out = []
    rows = [row for row in range(len(judged.slices)) if (judged.monitor.name, row) not in busy]
    most = MOST_QUIET if judged.swept is None else 1  # slices that nobody chose are not shown while nothing happens
    for row in sorted(rows, key=lambda row: len(judged.slices[row]))[:most]:
        chart = latest(judged, row, stop)
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
