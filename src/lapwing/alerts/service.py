"""Automatic Alerting: what people watch, replayed over the past, and the board at any moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Unpack

import numpy as np

from lapwing.alerts.actions import Action
from lapwing.alerts.backtest import BacktestView, backtest, together
from lapwing.alerts.bands import Bands
from lapwing.alerts.board import BoardMaker
from lapwing.alerts.bygone import bygone
from lapwing.alerts.cases import Case, Known, cases
from lapwing.alerts.data.doubt import folded as folded_by_data
from lapwing.alerts.data.doubt import marked
from lapwing.alerts.data.service import DataService
from lapwing.alerts.early import shown as early
from lapwing.alerts.early.folding import Folding, folding
from lapwing.alerts.early.keeper import EarlyKeeper, EarlyKnown, is_early, of_number
from lapwing.alerts.keeper import Keeper
from lapwing.alerts.life import GONE, life
from lapwing.alerts.maintenance import Maintenance
from lapwing.alerts.score import DAYS, ScoreView
from lapwing.alerts.shares import divided
from lapwing.alerts.standing import wholes_of
from lapwing.alerts.state import StateDatabase
from lapwing.alerts.suggest import SuggestionView, suggestions
from lapwing.alerts.summaries import Summaries
from lapwing.alerts.sweep.budgeted import Allowed
from lapwing.alerts.sweep.judging import judge_any
from lapwing.alerts.views.board import AlarmsView, Board, Trouble
from lapwing.alerts.views.goals import GoalView, LimitView
from lapwing.alerts.views.incident import IncidentSummary, IncidentView
from lapwing.alerts.views.monitors import Band, MonitorView
from lapwing.alerts.views.view import Json, plain
from lapwing.alerts.watches import Followed, Watches
from lapwing.alerts.why.asked import Asked, why
from lapwing.alerts.why.service import Why
from lapwing.alerts.wishes import Chosen, Wish, slice_of
from lapwing.model.calendar import DAY, local_iso, to_us
from lapwing.model.grain import Grain
from lapwing.model.monitor import Monitor
from lapwing.model.problem import Cancelled, Conflict, LapwingError, WrongUse

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay of one monitor did. `fresh`: it was up to date already."""

    monitor: str
    series: int
    judged: int
    incidents: int
    fresh: bool
    seconds: float


MOST_DAYS = 3660
"""How far back a card may look."""
Progress = Callable[[Replayed], None]


class Alerts:
    """The service. Safe to use from several threads; monitors are judged one at a time."""

    def __init__(self, lapwing: Lapwing, state: StateDatabase, *, patience: float | None = None) -> None:
        """`patience`: seconds that the board waits for monitors that are not up to date; what they will show comes later
        then, and the board says so. None waits for all."""
        self._lapwing = lapwing
        self._state = state
        self._watches = Watches(lapwing, state)
        self.maintenance = Maintenance(lapwing, state, self._watches.all)
        """Stretches in which nothing is raised."""
        self.data = DataService(
            lapwing, state, self._watches.all, lambda: self._keeper.kept().known, self.maintenance.windows
        )
        """What is watched of data itself, and how it arrives."""
        self._keeper = Keeper(
            lapwing, state.journal, self._watches.all, self.maintenance.windows, patience, self.data.readiness.complete
        )
        self._why = Why(lapwing)
        self._summaries = Summaries(lapwing, self._why, state.journal, self.maintenance.windows)
        self._board = BoardMaker(lapwing, self._summaries)
        self._bands = Bands(lapwing, self._keeper)
        self._early = EarlyKeeper(
            lapwing, state.journal, state.learned, lambda: self._keeper.kept().known, self.data.readiness.complete
        )
        self._waits = patience is None

    def close(self) -> None:
        """Returns when nothing is being judged any more."""
        self._keeper.close()

    # What is watched

    def monitors(self) -> tuple[Monitor, ...]:
        """Monitors from YAML, then what people follow."""
        return self._watches.all()

    def monitor_views(self) -> list[MonitorView]:
        """The same, JSON-ready."""
        return self._watches.views()

    def views_of(self, followed: Followed) -> list[MonitorView]:
        """Those of what was followed."""
        return [one for one in self.monitor_views() if followed.name in (one.name, one.group)]

    def follow(
        self, metric: str, within: Mapping[str, str] | None = None, grain: Grain | None = None, **terms: Unpack[Chosen]
    ) -> Followed:
        """Follows a metric, or all of a tag (`tag:NAME`), whole or within a slice, at a grain; see `Wish`.

        Raises:
            NotFound: no such metric, tag, dimension or value.
            WrongUse: terms that make no sense.
            Conflict: it is followed already.
        """
        return self._watches.follow(Wish(metric=metric, within=within or {}, grain=grain, **terms))

    def backtest(
        self, metric: str, within: Mapping[str, str] | None = None, grain: Grain | None = None, **terms: Unpack[Chosen]
    ) -> BacktestView:
        """What following would have raised over the past, under the budget as it would be divided then; nothing is kept.

        Raises:
            NotFound, WrongUse: as `follow`. Refused: it would watch more than can be judged at once.
        """
        wish = Wish(metric=metric, within=within or {}, grain=grain, **terms)
        wished, budget = self._watches.wished(wish), self._lapwing.project.budget
        shares = {} if budget is None else divided(budget, (*self.monitors(), *wished))
        allowed = {name: Allowed(shares=((0, share),)) for name, share in shares.items()}
        judged = (judge_any(self._lapwing, one, allowed=allowed.get(one.name)) for one in wished)
        return together(wish.metric, [backtest(one) for one in judged])

    def suggestions(self) -> list[SuggestionView]:
        """What may be worth following, the best first.

        Raises:
            StoreError: what was asked can't be read.
        """
        return suggestions(self._lapwing.project, self.monitors(), self._lapwing.cache.questions.read())

    def unfollow(self, name: str) -> None:
        """Stops following.

        Raises:
            NotFound: nothing of that name is followed.
            WrongUse: it is written in YAML, and ends there.
        """
        ended = self._watches.unfollow(name)
        self._state.journal.end(ended, "unfollowed", to_us(self._lapwing.now()))
        for one in ended:
            self._keeper.forget(one)

    # Replay

    def replay(
        self,
        monitor: str | None = None,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> tuple[Replayed, ...]:
        """Brings one monitor (or group), or all, up to the data: what is new is judged, a changed definition is judged anew.

        Raises:
            NotFound: no monitor of that name.
            Cancelled: `cancel` was set; what was finished is kept.
            LapwingError: some could not be judged, for these reasons; the others were.
        """
        chosen = self.monitors() if monitor is None else self._watches.named(monitor)
        self._keeper.look_again()
        self.data.look()
        done: list[Replayed] = []
        failed: list[LapwingError] = []
        for one in chosen:
            _go_on(cancel)
            try:
                done.append(self._replay(one))
            except LapwingError as error:
                failed.append(error)
                continue
            if progress is not None:
                progress(done[-1])
        if monitor is None:
            self._early.bring()
            kept = {one.name for one in self.monitors()}
            self.data.look_so_far()
            gone = self._state.journal.monitors() - kept - self._early.names(kept)
            if gone:
                self._state.journal.end(sorted(gone), "deleted", to_us(self._lapwing.now()))
        if failed:
            raise type(failed[0])(*(problem for error in failed for problem in error.problems))
        return tuple(done)

    def _replay(self, monitor: Monitor) -> Replayed:
        started = time.perf_counter()
        fresh = self._keeper.is_fresh(monitor)
        judged = self._keeper.bring(monitor).judged
        return Replayed(
            monitor=monitor.name,
            series=judged.watched,
            judged=int(np.isfinite(judged.detection.score).sum()),
            incidents=sum(len(row) for row in judged.episodes),
            fresh=fresh,
            seconds=time.perf_counter() - started,
        )

    def find_causes(self, cancel: threading.Event | None = None) -> int:
        """Looks for the causes that nobody has looked for yet, the newest incidents first, so that pages have them at hand;
        says how many it found.

        Raises:
            Cancelled: `cancel` was set; what was found is kept.
        """
        return self._board.find_causes(self._keeper.kept().known, self._moment(None), lambda: _go_on(cancel))

    # What is shown

    def board(self, as_of: datetime | None = None) -> Board:
        """What needed a look at a moment (now, unless said), with the numbers as they were known then."""
        moment, zone = self._moment(as_of), self._lapwing.project.timezone
        board = self._board.board(self._keeper.kept(), self.monitors(), moment)
        troubles = [
            Trouble(monitor=name, says=f"{problem.message} {problem.hint or ''}".strip())
            for name, problem in self._early.troubles.items()
        ]
        known, folded = self._foldings(moment)
        found = early.summaries(known, moment, self._lapwing.project, folded)
        board = replace(board, incidents=[early.foretold(one, folded) for one in board.incidents])
        found += self._about_data(moment)
        board = early.on_board(board, found, local_iso(moment - early.LATELY, zone), board.as_of)
        board = replace(board, incidents=folded_by_data(board.incidents, self.data.doubtful(moment)))
        return replace(board, troubles=[*board.troubles, *troubles])

    def _foldings(self, moment: int) -> tuple[list[EarlyKnown], Folding]:
        """Early warnings, and which others stand for them at a moment."""
        known = self._warnings()
        found = cases(self._keeper.kept().known, moment)
        return known, folding(known, found, moment, self._lapwing.project.timezone)

    def standing_warnings(self) -> frozenset[int]:
        """The early warnings that are shown by themselves now."""
        known, folded = self._foldings(self._moment(None))
        return frozenset(record.id for one in known for record in one.records.values()) - set(folded.under)

    def _warnings(self) -> list[EarlyKnown]:
        """Early warnings: of the data as it is, or (where others wait for pages) as it was last looked at."""
        return self._early.bring() if self._waits else self._early.kept()

    def _about_data(self, moment: int) -> list[IncidentSummary]:
        """Incidents about data, and of buckets that are not complete: what is now is looked at before, unless others do that
        for the pages."""
        if self._waits:
            self.data.look()
            self.data.look_so_far()
        return self.data.summaries(moment)

    def alarms(self, as_of: datetime | None = None) -> AlarmsView:
        """What was raised lately, and what people said of it, against the budget."""
        return self._board.alarms(self._keeper.kept().known, self._moment(as_of))

    def scores(self, monitor: str | None = None, days: float = DAYS, as_of: datetime | None = None) -> list[ScoreView]:
        """How good monitors, or one (or a group), were over so many days before a moment (now, unless said).

        Raises:
            NotFound: no monitor of that name.
            WrongUse: so many days make no sense.
        """
        names = [one.name for one in (self.monitors() if monitor is None else self._watches.named(monitor))]
        if not 0 < days <= MOST_DAYS:
            raise WrongUse.of("bad-days", f"A card looks back 1 to {MOST_DAYS:,} days.", hint="Leave it out for 90.")
        moment = self._moment(as_of)
        return self._board.scores(self._keeper.kept().known, names, moment - round(days * DAY), moment)

    def goals(self, as_of: datetime | None = None) -> list[GoalView]:
        """How every goal stands at a moment (now, unless said), the likeliest miss first.

        Raises:
            LapwingError: one can't be paced.
        """
        moment = self._moment(as_of)
        known = self._early.bring()
        views = [found for one in self._early.paces() if (found := early.goal_view(one, known, moment)) is not None]
        return sorted(views, key=lambda one: (-(one.miss or 0.0), one.name))

    def limits(self, as_of: datetime | None = None) -> list[LimitView]:
        """How every limit stands at a moment (now, unless said), with its projection."""
        moment, limits = self._moment(as_of), self._lapwing.project.limits
        known = {one.early.name: one for one in self._warnings()}
        there = [(limit, known[f"limit:{name}"]) for name, limit in limits.items() if f"limit:{name}" in known]
        return [found for limit, one in there if (found := early.limit_view(limit, one, moment)) is not None]

    def incidents(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        state: str | None = None,
        kind: str | None = None,
    ) -> list[IncidentSummary]:
        """Incidents that were going on in [start, end), as known now, the newest first; their causes as far as somebody
        looked for them. `state`: "open", "resolved" or "retracted"; without one, the first two. `kind`: "anomaly", "warning"
        or "data"; without one, all."""
        low, high = (None if at is None else to_us(at) for at in (start, end))
        moment = self._moment(None)
        known, folded = self._foldings(moment)
        shown = self._board.incidents(self._keeper.kept().known, moment, low, high)
        found = [early.foretold(one, folded) for one in shown]
        found += [
            one
            for one in (*early.summaries(known, moment, self._lapwing.project, folded), *self._about_data(moment))
            if (high is None or _us(one.known_at) < high)
            and (low is None or one.resolved is None or _us(one.resolved) > low)
        ]
        found.sort(key=lambda one: (one.known_at, one.id), reverse=True)
        found = [one for one in found if kind in (None, one.kind)]
        return [one for one in found if one.state == state or (state is None and one.state != "retracted")]

    def incident(self, number: int, as_of: datetime | None = None) -> IncidentView:
        """One incident with its story and causes, as known at a moment.

        Raises:
            NotFound: no such incident, or nobody knew of it yet at that moment.
        """
        return self.incident_at(number, self._moment(as_of))

    def incident_at(self, number: int, moment: int) -> IncidentView:
        """As `incident`, at a moment in UTC microseconds; one on record may be to come, where a clock was ahead."""
        known = self._keeper.kept().known
        if (warned := of_number(self._warnings(), number)) is not None:
            return early.view(*warned, moment, self._lapwing.project)
        if (about := self.data.view(number, moment)) is not None:
            return about
        record = next((of for one in known for of in one.records.values() if of.id == number), None)
        if record is None or life(record.lines).reason in GONE:  # by what is judged now there are no numbers of it
            told = self._state.journal.record(number)
            return bygone(told, moment, self._lapwing.project.timezone, self._state.journal.last_cause(number))
        found = early.with_warning(self._board.incident(known, number, moment), self._foldings(moment)[1])
        (summary,) = marked([found.summary], self.data.doubtful(moment))
        return replace(found, summary=summary)

    # What people do

    def act(self, number: int, action: Action) -> IncidentView:
        """Acknowledges, assigns, snoozes, comments on, accepts, reopens or resolves an incident, or says whether it was useful,
        and shows it.

        Raises:
            NotFound: no such incident.
            WrongUse: the action lacks something.
            Conflict: the incident's state does not allow it.
        """
        now = self._moment(None)
        if action.name == "accept":
            self._accept(number, action, now)
        else:
            self._state.journal.act(number, action, now, None)
        return self.incident(number)

    def _accept(self, number: int, action: Action, now: int) -> None:
        """With a slice goes the whole that moved by little more: it has the slice's new level in it."""
        self._can_be_accepted(number)
        known = self._keeper.kept().known
        case, wholes = self._board.case(known, number, now), wholes_of(cases(known, now), number)
        self._state.journal.act(number, action, now, case.start)
        for whole in wholes:
            with suppress(Conflict):  # somebody was first
                self._state.journal.act(whole.id, replace(action, text=""), now, whole.start)

    def _can_be_accepted(self, number: int) -> None:
        monitor, hint = self._state.journal.record(number).monitor, "Change the goal or limit it is of, or resolve it."
        if is_early(monitor):
            raise WrongUse.of("no-new-normal", "A warning has no level that could become the normal one.", hint=hint)
        self.data.refuse_to_accept(monitor)

    # What telling people needs

    def explaining_others(self, found: Sequence[Case]) -> dict[int, int]:
        """Which incidents are on the board with one of another metric, and with which."""
        return self._board.explaining_others(found)

    def known(self) -> tuple[Known, ...]:
        """Every monitor as far as it is judged."""
        return self._keeper.kept().known

    def warned(self) -> list[EarlyKnown]:
        """All that is watched for early warning, as far as it is judged."""
        return self._warnings()

    def moment(self) -> int:
        """Now, in UTC microseconds: the project's own now, where its clock stands."""
        return self._moment(None)

    def band(self, metric: str, within: Mapping[str, str], grain: Grain, start: int, end: int) -> Band:
        """What a metric's buckets in [start, end) (UTC microseconds) were expected to be, by what came before each.

        Raises:
            NotFound: no such metric or dimension.
        """
        dataset, found = self._lapwing.project.metric(metric)
        pairs = tuple((name, str(value)) for name, value in slice_of(dataset, within))
        monitor = Monitor(
            name="", dataset=dataset.name, metric=f"{dataset.name}.{found.name}", grain=grain, slice=pairs
        )
        return self._bands.band(monitor, start, end)

    def why(self, asked: Asked) -> Json:
        """Why a metric changed between two stretches: what an incident's page has as `why`.

        Raises:
            NotFound: no such metric or dimension.
            WrongUse: a time or a condition can't be read, or a stretch is empty.
        """
        found: Json = plain(why(self._why, self._lapwing, asked))
        return found

    def _moment(self, as_of: datetime | None) -> int:
        now = self._lapwing.now()
        return to_us(now if as_of is None else min(as_of, now))


def _us(moment: str) -> int:
    return to_us(datetime.fromisoformat(moment))


def _go_on(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled.of("cancelled", "The replay was cancelled; what was finished is kept.")
