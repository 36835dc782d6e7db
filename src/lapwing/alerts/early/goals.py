"""Goals against what the front door answers: their pace after every bucket, and the warnings that follow from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.early.complete import DAY, HOUR, Complete, complete
from lapwing.alerts.early.constants import METHOD, WARM_UP
from lapwing.alerts.early.early import Early, Figures
from lapwing.alerts.early.holidays import known_beforehand
from lapwing.alerts.early.outcomes import NOTHING, Hits, Outcome, Remembered, outcomes, since
from lapwing.alerts.early.outlook import seasons
from lapwing.alerts.early.pacing import Pace, Periods, pace
from lapwing.alerts.early.warned import Warned, Wavering, raised
from lapwing.alerts.early.words import left, pacing_says
from lapwing.alerts.inputs import Ready, not_learned
from lapwing.alerts.measured import Measured, measured
from lapwing.alerts.season import calm_buckets
from lapwing.alerts.views.view import Chart, listed
from lapwing.model.calendar import edges, local_iso
from lapwing.model.dataset import Aggregation, Dataset, Metric
from lapwing.model.events import EventKind
from lapwing.model.expression import MeasureRef
from lapwing.model.goal import Goal
from lapwing.model.grain import Grain, Unit
from lapwing.model.hashing import metric_hash
from lapwing.model.problem import Refused

if TYPE_CHECKING:
    from lapwing.model.project import Project
    from lapwing.query.service import Lapwing


@dataclass(frozen=True, kw_only=True, eq=False)
class Paced:
    """A goal, judged by a `calendar`: buckets (T,) that are complete, the periods they are in, and its pace (1, T).
    `goal_of` (T,) is the amount of each bucket's period, nan for none. `complete_after`: microseconds after a bucket's end.
    `remembered`: how warnings went before."""

    goal: Goal
    calendar: str
    dataset: Dataset
    metric: Metric
    plan: Measured
    grain: Grain
    zone: str
    borders: npt.NDArray[np.int64]
    period_borders: npt.NDArray[np.int64]
    periods: Periods
    amount: Floats
    exposure: Floats
    goal_of: Floats
    pace: Pace
    warned: tuple[Warned, ...]
    complete_after: int
    remembered: Remembered = NOTHING

    def known_buckets(self, moment: int) -> int:
        """How many buckets people knew at a moment (UTC microseconds)."""
        return int(np.searchsorted(self.borders[1:] + self.complete_after, moment, side="right"))

    def period(self, bucket: int) -> tuple[int, int]:
        """[start, end) of the period of a bucket, in UTC microseconds."""
        number = int(self.periods.number[bucket])
        return int(self.period_borders[number]), int(self.period_borders[number + 1])

    def hits(self, bucket: int) -> Hits:
        """How the warnings of earlier periods went: known once their period is over."""
        return Hits.of(self.outcomes, int(self.borders[bucket]) + self.complete_after)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """How its warnings went, those of a history that is gone among them."""
        number, warned = self.periods.number, self.warned
        ends = np.array(
            [int(np.searchsorted(number, number[one.opened], side="right")) - 1 for one in warned], np.int64
        )
        gone = self.remembered.before(self.definition, self.since)
        return (*gone, *outcomes(warned, ends, self.borders, self.complete_after, (self.goal.slice,)))

    @property
    def since(self) -> int:
        """From when on there is a pace (UTC microseconds)."""
        return since(self.borders, np.isfinite(self.pace.miss[0]))

    @property
    def definition(self) -> str:
        """Of all that decides what is told."""
        return definition((self.goal, self.calendar), self.dataset, self.metric)

    def chart(self, bucket: int) -> Chart:
        """The period so far and its course from there, as known after a bucket: lines that add up (a ratio's: as of then)."""
        start, place = self.period(bucket)[0], int(self.periods.place[bucket])
        rest = int(self.periods.left[bucket])
        first = bucket - place
        times = edges(self.grain, self.zone, start, self.period(bucket)[1])[: place + 1 + rest]
        shown = self.pace.so_far[0, first : bucket + 1]
        whole = np.nan_to_num(self.exposure[0, first : bucket + 1]).sum() if self.plan.ratio else 1.0
        done = float(np.nan_to_num(self.amount[0, first : bucket + 1]).sum())
        middle, low, high = self.pace.path(0, bucket, rest, done, float(whole))
        nothing, gap = np.full(place, np.nan), np.full(rest, np.nan)
        lines = [np.concatenate([nothing, shown[-1:], part]) for part in (middle, low, high)]
        return Chart(
            time=(times // 1000).tolist(),
            actual=listed(np.concatenate([shown, gap])),
            expected=listed(lines[0]),
            lower=listed(lines[1]),
            upper=listed(lines[2]),
            outside=[False] * len(times),
            until=int(self.borders[bucket + 1]) // 1000,
        )

    def figures(self, kind: str, bucket: int) -> Figures:
        """The pace after a bucket, as it is kept with a step of a warning and shown."""
        end, found = self.period(bucket)[1], self.pace
        projected, low, high, miss = (
            float(part[0, bucket]) for part in (found.projected, found.low, found.high, found.miss)
        )
        amount = float(self.goal_of[bucket])
        difference = projected - amount
        money = self.metric.value is not None and self.plan.additive and np.isfinite(difference)
        hits, over = self.hits(bucket), int(self.periods.left[bucket]) == 0
        spent = found.stays and float(found.so_far[0, bucket]) > self.goal.well(amount)[1]
        return {
            "says": pacing_says(
                self.goal,
                self.metric.shown,
                kind,
                projected,
                (low, high),
                miss,
                amount,
                over=over,
                spent=spent,
                so_far=float(found.so_far[0, bucket]),
            )
            + (
                ""
                if over or kind == "resolved"
                else f" {left(end - int(self.borders[bucket + 1]))} left. {hits.says()}"
            ),
            "actual": projected,
            "expected": amount,
            "lower": low,
            "upper": high,
            "difference": difference,
            "amount": abs(difference) * (self.metric.value or 0.0) if money else None,
            "currency": self.metric.currency if money else None,
            "until": int(self.borders[bucket + 1]),
            "warning": {
                "kind": "pacing",
                "name": self.goal.name,
                "chance": miss,
                "so_far": float(found.so_far[0, bucket]),
                "projected": projected,
                "lower": low,
                "upper": high,
                "goal": amount,
                "aim": str(self.goal.aim),
                "due": local_iso(end, self.zone),
                "warnings": hits.warnings,
                "came": hits.came,
            },
        }

    def early(self) -> Early:
        """As one of all that is watched."""
        return Early(
            name=f"goal:{self.goal.name}",
            kind="pacing",
            dataset=self.dataset,
            metric=self.metric,
            slices=(self.goal.slice,),
            grain=self.grain,
            borders=self.borders,
            complete_after=self.complete_after,
            warned=self.warned,
            figures=lambda one, kind, bucket: {**self.figures(kind, bucket), "first": int(self.borders[one.opened])},
            chart=lambda _, bucket: self.chart(bucket),
            definition=self.definition,
            outcomes=self.outcomes,
            since=self.since,
        )


def calendar_of(project: Project) -> str:
    """What is known beforehand, as text."""
    return repr((project.calendar, [one for one in project.events if one.kind is EventKind.EXPECTED]))


def definition(of: object, dataset: Dataset, metric: Metric) -> str:
    """A hash over all that decides what is told."""
    parts = (repr(of), metric_hash(dataset, metric), str(dataset.complete_after), str(METHOD))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def judge(lapwing: Lapwing, goal: Goal, ready: Ready = not_learned, remembered: Remembered = NOTHING) -> Paced:
    """The pace of a goal over all of its metric's history, as far as it is complete: days, of days hours. `remembered`: how
    earlier warnings went.

    Raises:
        Refused: the metric's buckets do not add up to a period.
    """
    dataset, metric = lapwing.project.metric(goal.metric)
    plan = measured(dataset, metric)
    adds_up = plan.additive and _aggregation(dataset, metric) is not Aggregation.DISTINCT
    if not (adds_up or plan.ratio):
        raise Refused.of(
            "no-pace",
            f"The goal {goal.name} is of {metric.name}, which does not add up over a {goal.period}.",
            place=goal.place,
            hint="Take a count, a sum, or a ratio of them.",
        )
    data = complete(lapwing, goal.metric, goal.slice, HOUR if goal.period.unit is Unit.DAY else DAY, ready)
    return replace(paced(goal, data, lapwing.project), remembered=remembered)


def _aggregation(dataset: Dataset, metric: Metric) -> Aggregation | None:
    match metric.expression:
        case MeasureRef(_, name, None):
            return dataset.measures[name].aggregation
    return None


def paced(goal: Goal, data: Complete, project: Project) -> Paced:
    """The same, of complete buckets; `project` has the calendar.

    Raises:
        Refused: there are none.
    """
    starts, grain, zone, plan = data.starts, data.grain, data.zone, data.plan
    buckets = len(starts)
    if not buckets:
        raise Refused.of("no-history", f"There is no data yet to pace the goal {goal.name} by.", place=goal.place)
    first, last = int(starts[0]), int(starts[-1]) + 1
    periods = edges(goal.period, zone, first, last, data.week_start)
    every = edges(grain, zone, first, int(periods[-1]), data.week_start)
    placed = Periods.of(every[:-1], periods)
    mine = placed.first(buckets)
    amounts = np.array([np.nan if (one := goal.amount(int(at))) is None else one for at in periods[:-1]])
    low, high = (np.array(side) for side in zip(*(goal.well(one) for one in amounts.tolist()), strict=True))
    found = pace(
        data.amount,
        data.exposure if plan.ratio else None,
        seasons(every[:-1], grain, ZoneInfo(zone)),
        mine,
        (low[mine.number], high[mine.number]),
        counts=plan.kind is Kind.COUNT,
        a_day=data.a_day,
        warm_up=WARM_UP * min(data.a_day, 12),
        known=known_beforehand(every, grain, project, goal.slice),
    )
    goal_of = amounts[mine.number]
    ends = mine.left == 0
    # The first period may have begun before the data did.
    whole = (mine.number > 0) | (first == int(periods[0]))
    miss = np.where(np.isfinite(goal_of) & whole, found.miss[0], np.nan)
    warned = raised(
        miss, (found.projected[0] - goal_of), goal.chance, ends, Wavering(rejoin=buckets, calm=calm_buckets(grain))
    )
    return Paced(
        goal=goal,
        calendar=calendar_of(project),
        dataset=data.dataset,
        metric=data.metric,
        plan=plan,
        grain=grain,
        zone=zone,
        borders=data.borders,
        period_borders=periods,
        periods=mine,
        amount=data.amount,
        exposure=data.exposure,
        goal_of=goal_of,
        pace=found,
        warned=tuple(_with_end(one, miss, mine) for one in warned),
        complete_after=data.complete_after,
    )


def _with_end(warned: Warned, miss: Floats, periods: Periods) -> Warned:
    """Whether the period missed in the end, where it is over."""
    last = int(np.searchsorted(periods.number, periods.number[warned.opened], side="right")) - 1
    over = int(periods.left[last]) == 0
    return replace(warned, came=bool(miss[last] > 0.5) if over else None, due=last)
