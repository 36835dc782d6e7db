"""Early warnings as incidents on the pages, and goals as they stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lapwing.alerts.beside import events_beside
from lapwing.alerts.bygone import bygone, warning_of
from lapwing.alerts.early.folding import Folding
from lapwing.alerts.early.goals import Paced
from lapwing.alerts.early.keeper import EarlyKnown
from lapwing.alerts.early.warned import Warned
from lapwing.alerts.episode import Step
from lapwing.alerts.life import life
from lapwing.alerts.record import Record
from lapwing.alerts.views.board import Board, Resolved, Snoozed
from lapwing.alerts.views.goals import GoalView, LimitView
from lapwing.alerts.views.incident import AtStake, IncidentSummary, IncidentView, StoryStep
from lapwing.alerts.views.view import plain
from lapwing.model.calendar import DAY, local_iso, to_us
from lapwing.model.goal import Limit
from lapwing.model.project import Project

LATELY = 2 * DAY
"""How long a warning that is over stays on the board's last line."""


def view(one: EarlyKnown, record: Record, moment: int, project: Project) -> IncidentView:
    """An early warning as it was known at a moment: its record, with the numbers and the chart of then.

    Raises:
        NotFound: nobody knew of it yet.
    """
    zone = project.timezone
    told = bygone(record, moment, zone)
    early = one.early
    warned = next((each for each in early.warned if early.key(each) == record.key), None)
    ended = life(record.lines, moment).ended
    buckets = early.known_buckets(moment if ended is None else min(ended, moment))
    seen = None if warned is None else warned.until(buckets)
    if warned is None or seen is None or not buckets:
        return told  # the data no longer shows it, or not yet: as it was told
    last = buckets - 1
    found = plain(dict(early.figures(warned, "opened" if ended is None else "resolved", last)))
    amount, warning = found["amount"], warning_of(found)
    due = found["until"] if warning is None or warning.due is None else to_us(datetime.fromisoformat(warning.due))
    return replace(
        told,
        summary=replace(
            told.summary,
            until=local_iso(found["until"], zone),
            **{name: found[name] for name in ("actual", "expected", "lower", "upper", "difference")},
            at_stake=None if amount is None else AtStake(amount=amount, currency=found["currency"]),
            chart=early.chart(warned, last),
            events=events_beside(project, found["first"], max(found["until"], due)),
            warning=warning,
        ),
    )


def summaries(known: Sequence[EarlyKnown], moment: int, project: Project, folded: Folding) -> list[IncidentSummary]:
    """All early warnings that people could know of at a moment and that no other stands for, the oldest first."""
    found = [
        replace(view(one, record, moment, project).summary, folded=folded.parts.get(record.id, 0))
        for one in known
        for record in one.records.values()
        if record.id not in folded.under and life(record.lines, moment).told
    ]
    return sorted(found, key=lambda one: (one.known_at, one.id))


def foretold(one: IncidentSummary, folded: Folding) -> IncidentSummary:
    """An incident with the warning of it, where there was one."""
    foreseen = folded.foreseen.get(one.id)
    return one if foreseen is None else replace(one, foreseen=foreseen)


def with_warning(one: IncidentView, folded: Folding) -> IncidentView:
    """The same of its page: the warning is the first step of its story."""
    foreseen = folded.foreseen.get(one.summary.id)
    if foreseen is None:
        return one
    step = StoryStep(at=foreseen.at, bucket=None, kind="foreseen", says=foreseen.says)
    return replace(one, summary=foretold(one.summary, folded), story=[step, *one.story])


def on_board(board: Board, found: Sequence[IncidentSummary], lately: str, moment: str) -> Board:
    """The board with early warnings beside the incidents, the most money first; those over since `lately` (ISO) as
    resolved."""
    live = [one for one in found if one.state == "open" and one.snoozed_until is None]
    asleep = [one for one in found if one.state == "open" and one.snoozed_until is not None]
    over = [one for one in found if one.state == "resolved" and one.resolved is not None and one.resolved >= lately]
    incidents = [*board.incidents, *live]
    incidents.sort(key=lambda one: (-(one.at_stake.amount if one.at_stake else 0.0), one.known_at))
    return replace(
        board,
        incidents=incidents,
        snoozed=[
            *board.snoozed,
            *(
                Snoozed(
                    id=one.id, metric=one.metric, label=one.label, slice=one.slice, until=one.snoozed_until or moment
                )
                for one in asleep
            ),
        ],
        resolved=[
            *board.resolved,
            *(
                Resolved(
                    id=one.id,
                    metric=one.metric,
                    label=one.label,
                    slice=one.slice,
                    opened=one.opened,
                    resolved=one.resolved or moment,
                )
                for one in reversed(over)
            ),
        ],
    )


def goal_view(paced: Paced, known: Sequence[EarlyKnown], moment: int) -> GoalView | None:
    """How a goal stands at a moment; None before its data begins."""
    buckets = paced.known_buckets(moment)
    if not buckets:
        return None
    last, zone = buckets - 1, paced.zone
    start, end = paced.period(last)
    shown, goal, found = paced.metric.shown, paced.goal, paced.pace
    hits = paced.hits(buckets)
    number = next(
        (
            record.id
            for one in known
            if one.early.name == f"goal:{goal.name}"
            for record in one.records.values()
            if life(record.lines, moment).open
        ),
        None,
    )

    def at(value: float) -> float | None:
        return float(value) if math.isfinite(value) else None

    return GoalView(
        name=goal.name,
        metric=goal.metric,
        label=shown.label,
        unit=shown.unit,
        format=shown.format,
        slice=dict(goal.slice),
        period=str(goal.period),
        start=local_iso(start, zone),
        end=local_iso(end, zone),
        aim=str(goal.aim),
        goal=at(paced.goal_of[last]),
        so_far=at(found.so_far[0, last]),
        projected=at(found.projected[0, last]),
        lower=at(found.low[0, last]),
        upper=at(found.high[0, last]),
        miss=at(found.miss[0, last]),
        warnings=hits.warnings,
        came=hits.came,
        open=number,
        chart=paced.chart(last),
    )


def limit_view(limit: Limit, one: EarlyKnown, moment: int) -> LimitView | None:
    """How a limit stands at a moment; None before its data begins."""
    early = one.early
    last = early.known_buckets(moment) - 1
    if last < 0:
        return None
    now = Warned(direction=1, steps=(Step("opened", last),))
    found = plain(dict(early.figures(now, "opened", last)["warning"]))
    open_ = (record.id for record in one.records.values() if life(record.lines, moment).open)
    return LimitView(
        name=limit.name,
        metric=limit.metric,
        slice=dict(limit.slice),
        grain=str(limit.grain),
        aim=found["aim"],
        value=found["goal"],
        chance=found["chance"],
        due=found["due"],
        open=next(open_, None),
        chart=early.chart(now, last),
    )
