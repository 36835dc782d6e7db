"""How good a monitor is: what it raised over a while, what people said of it, and what it was worth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from lapwing.alerts.advice import advice
from lapwing.alerts.cases import Case
from lapwing.alerts.judged import Judged
from lapwing.alerts.plain import seen_at
from lapwing.alerts.record import OPENINGS
from lapwing.alerts.totals import at_stake, numbers
from lapwing.alerts.views.incident import AtStake
from lapwing.alerts.views.view import View
from lapwing.model.calendar import DAY, local_iso
from lapwing.model.dataset import Dataset

DAYS = 90
"""How far back a card looks, unless said."""
_HOUR = 3_600_000_000
_LATE = 2 * DAY
"""After which what is found is history."""
_NORMAL = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreView(View):
    """Of a monitor, in [since, until]. `precision` is the share of useful ones among those that people said anything of, with
    Wilson's interval for 95 of 100. `lead` are the median hours from telling to when a plain daily threshold would have shown
    it, of `lead_of` that it would have; `unseen` it never would. `told` is the money of all incidents, `before` the part lost
    before people knew. `acknowledged_after`: median hours. `ignored`: over, and nobody did or said anything. `advice` is empty
    where there is none."""

    monitor: str
    since: str
    until: str
    raised: int
    useful: int
    not_useful: int
    taken_back: int
    no_word: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    lead: float | None
    lead_of: int
    unseen: int
    acknowledged_after: float | None
    told: AtStake | None
    before: AtStake | None
    snoozed: int
    ignored: int
    last_right: str | None
    advice: str


def score(judged: Judged, of: Sequence[Case], dataset: Dataset, since: int, until: int, zone: str) -> ScoreView:
    """`of`: the monitor's incidents as the board shows them (none that another stands for); those that were told in
    [since, until] count."""
    found = [case for case in of if since <= case.known_at <= until]
    useful = [case for case in found if case.life.useful is True]
    against = [case for case in found if case.life.useful is False]
    gone = [case for case in found if case.life.useful is None and case.life.state == "retracted"]
    voted = len(useful) + len(against)
    low, high = wilson(len(useful), voted)
    leads = [_lead(case, zone) for case in found if case.life.state != "retracted"]
    seen = [lead for lead in leads if lead is not None]
    waits = [case.life.acknowledged.at - case.known_at for case in found if case.life.acknowledged is not None]
    ignored = [case for case in found if _ignored(case)]
    return ScoreView(
        monitor=judged.monitor.name,
        since=local_iso(since, zone),
        until=local_iso(until, zone),
        raised=len(found),
        useful=len(useful),
        not_useful=len(against),
        taken_back=len(gone),
        no_word=len(found) - voted - len(gone),
        precision=len(useful) / voted if voted else None,
        precision_low=low if voted else None,
        precision_high=high if voted else None,
        lead=_hours(seen),
        lead_of=len(seen),
        unseen=len(leads) - len(seen),
        acknowledged_after=_hours(waits),
        told=_money(found, dataset, before=False),
        before=_money(found, dataset, before=True),
        snoozed=sum(any(line.kind == "snoozed" for line in case.lines) for case in found),
        ignored=len(ignored),
        last_right=local_iso(max(case.known_at for case in useful), zone) if useful else None,
        advice=advice(judged, useful, against, ignored, len(found)),
    )


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The interval of a share that has 95 of 100 (Wilson, 1927); all that is possible where nothing was tried."""
    if not trials:
        return 0.0, 1.0
    share, square = hits / trials, _NORMAL**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = _NORMAL * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / (1 + square / trials)
    return max(0.0, middle - half), min(1.0, middle + half)


def _lead(case: Case, zone: str) -> int | None:
    episode = case.episode
    seen = seen_at(case.judged, case.row, episode.first, episode.last, episode.direction, zone)
    return None if seen is None else seen - case.known_at


def _hours(spans: Iterable[int]) -> float | None:
    every = list(spans)
    return round(median(every) / _HOUR, 1) if every else None


def _money(found: Sequence[Case], dataset: Dataset, *, before: bool) -> AtStake | None:
    """Of all together, or of what had passed when each was told."""
    each = [
        money
        for case in found
        if case.life.state != "retracted"
        and (
            money := at_stake(
                numbers(case.judged, case.row, case.episode.first, case.episode.opened if before else case.last),
                dataset,
                case.judged.metric,
            )
        )
    ]
    return AtStake(amount=sum(amount for amount, _ in each), currency=each[0][1]) if each else None


def _ignored(case: Case) -> bool:
    """It came to people when it happened (not by looking at the past), it is over, and nobody said or did anything."""
    came = any(line.kind in OPENINGS and line.recorded - line.at <= _LATE for line in case.lines)
    return came and case.life.state == "resolved" and not any(line.who for line in case.lines)
