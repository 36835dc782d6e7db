"""A monitor of every slice, judged: all slices screened, those that stand out looked at by the full model, and of these the
ones that explain the others told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from lapwing.alerts.chance import Kind
from lapwing.alerts.history import Asking, Span
from lapwing.alerts.inputs import Inputs
from lapwing.alerts.judged import Judged, borders_of, complete_and_counted, judge, judge_series, terms_of
from lapwing.alerts.many import needed
from lapwing.alerts.measured import measured
from lapwing.alerts.resume import Past
from lapwing.alerts.season import slots, tuning
from lapwing.alerts.sweep.budgeted import Allowed, floor
from lapwing.alerts.sweep.counted import counted
from lapwing.alerts.sweep.cuboids import cuboids
from lapwing.alerts.sweep.earlier import Earlier
from lapwing.alerts.sweep.kept import look
from lapwing.alerts.sweep.reading import Panel, Reader
from lapwing.alerts.sweep.second import Second
from lapwing.alerts.sweep.setting import Setting
from lapwing.alerts.sweep.swept import Swept
from lapwing.alerts.sweep.told import Unexplained
from lapwing.model.monitor import Every, Monitor
from lapwing.model.problem import Refused

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing


def judge_any(
    lapwing: Lapwing,
    monitor: Monitor,
    span: Span = (None, None),
    inputs: Inputs | None = None,
    past: Past | None = None,
    allowed: Allowed | None = None,
) -> Judged:
    """Judges a monitor, of every slice or of those it names; see `judge`. `allowed`: how much it may raise."""
    allowed = allowed or Allowed()
    if monitor.every is None:
        found = judge(lapwing, monitor, span, inputs, past)
    else:
        found = sweep(lapwing, monitor, monitor.every, span, inputs or Inputs(), allowed, past)
    return replace(found, votes=allowed.votes, shares=allowed.shares)


def sweep(
    lapwing: Lapwing,
    monitor: Monitor,
    every: Every,
    span: Span,
    said: Inputs,
    allowed: Allowed,
    past: Past | None = None,
) -> Judged:
    """Judges every slice. `past`: what was judged before, of the same definition; then what is as it was is not read again.

    Raises:
        Refused: there are no slices, or more stand out than can be looked at.
    """
    dataset, metric = lapwing.project.metric(monitor.metric)
    plan = measured(dataset, metric)
    zone = lapwing.project.timezone
    if plan.kind is Kind.LEVEL:
        raise Refused.of(
            "level-slices",
            f"{metric.name} does not say how much of it is chance: of its small slices nearly all would look unusual.",
            place=metric.place,
            hint="Watch every slice of the counts, sums or ratios that it is made of; of levels, name the dimensions.",
        )
    asking = Asking(lapwing=lapwing, measured=plan, zone=zone)
    holdings = lapwing.cache.holdings(dataset.name)  # first: what comes in while we read is read again
    blank = asking.blank()
    goes_on = blank is not None and span == (None, None)  # what is kept is of all there is
    earlier = Earlier.of(asking, past, holdings) if goes_on and past is not None else None
    whole = asking.series((), monitor.slice, monitor.grain, span) if earlier is None else earlier.whole
    if not len(whole.starts):
        return judge_series(lapwing, monitor, whole, said)
    by = counted(dataset, metric, plan)
    fixed = [name for name, _ in monitor.slice]
    chosen = cuboids(dataset, metric, plan, by, grain=monitor.grain, fixed=fixed, depth=every.depth)
    borders = borders_of(whole.starts, monitor, zone, lapwing.project.week_start)
    reader = Reader(
        lapwing=lapwing,
        plan=plan,
        counted=by,
        within=monitor.slice,
        grain=monitor.grain,
        zone=zone,
        borders=borders,
        blank=blank,
    )
    complete, judged_buckets = complete_and_counted(whole, borders, said)
    setting = Setting(
        tuning=tuning(monitor.grain),
        slots=slots(whole.starts, monitor.grain, ZoneInfo(zone))[0],
        judged=judged_buckets,
        complete=int(np.count_nonzero(complete)),
        support=every.support,
        depth=every.depth,
        threshold=terms_of(monitor, metric, plan).sensitivity,
    )
    remembered = (None, 0) if earlier is None else (earlier.screen, earlier.sure)
    seen, remembering = look(reader, chosen, Panel(whole.amount, whole.exposure, None), setting, *remembered)
    looked = Second.of(reader, seen, whole, setting.slots, earlier)
    judged = judge_series(
        lapwing, monitor, looked.series, said, holdings if goes_on else None, past if goes_on else None
    )
    trail = None if judged.trail is None else replace(judged.trail, screen=remembering)
    many = looked.many(seen)
    unexplained = Unexplained(judged, many, looked.together)
    least = floor(unexplained, seen.tests, allowed)
    told = unexplained.many_told(least)
    last = np.flatnonzero(setting.judged)
    at = int(last[-1]) if len(last) else 0
    swept = Swept(
        depth=every.depth,
        support=every.support,
        counted=by,
        watched=int(seen.watching[at]),
        small=sum(seen.groups[one] for one in seen.groups if one not in seen.unread) - int(seen.watching[at]),
        looked=len(looked.series.slices) - 1,
        needed=float(needed(max(monitor.sensitivity, 0.0 if least is None else least[at]), seen.many[-1:, at])[0]),
        unread=tuple(", ".join(one) for one in seen.unread),
    )
    # Which slices had a second look changes what opened incidents before: they are found anew.
    return replace(judged, many=told, watching=seen.watching, swept=swept, before=None, trail=trail)
