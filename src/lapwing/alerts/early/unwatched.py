"""Metrics that nobody watches, judged as possible leaders: those of one kind in one pass, since each alone takes as long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from lapwing.alerts.almanac import effects
from lapwing.alerts.chance import Kind
from lapwing.alerts.converting import waits
from lapwing.alerts.detect import Detection
from lapwing.alerts.early.complete import complete_until
from lapwing.alerts.history import Asking, Series
from lapwing.alerts.inputs import Ready, not_learned
from lapwing.alerts.judged import Judged
from lapwing.alerts.measured import Measured, measured
from lapwing.alerts.terms import Around, Terms, expect
from lapwing.model.calendar import edges
from lapwing.model.grain import Grain
from lapwing.model.monitor import Monitor
from lapwing.model.problem import LapwingError

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

_Asked = tuple[str, Measured, Series]


def together(lapwing: Lapwing, names: Sequence[str], grain: Grain, ready: Ready = not_learned) -> list[Judged]:
    """The wholes of metrics ("dataset.metric") at a grain, as far as they are complete (see `complete`); what can't be asked
    for is left out."""
    alike: dict[tuple[Kind, bool, bytes, tuple[int, int]], list[_Asked]] = defaultdict(list)
    for name in names:
        dataset, metric = lapwing.project.metric(name)
        plan = measured(dataset, metric)
        try:
            series = Asking(lapwing=lapwing, measured=plan, zone=lapwing.project.timezone).series((), (), grain)
        except LapwingError:
            continue  # a leader less: whoever watches it is told why
        if len(series.starts):
            until = complete_until(dataset, series.data_until, ready, waits(lapwing.project, metric))
            alike[plan.kind, plan.ratio, series.starts.tobytes(), until].append((name, plan, series))
    return [judged for (*_, until), group in alike.items() for judged in _judged(lapwing, group, grain, *until)]


def _judged(lapwing: Lapwing, group: Sequence[_Asked], grain: Grain, until: int, after: int) -> list[Judged]:
    """Those of one kind over the same buckets, complete `until` then, and so long `after` their ends."""
    project, (_, plan, first) = lapwing.project, group[0]
    zone = ZoneInfo(project.timezone)
    borders = edges(grain, project.timezone, int(first.starts[0]), int(first.starts[-1]) + 1, project.week_start)
    complete = borders[1:] <= until
    amount, exposure = (np.concatenate([getattr(one, part) for *_, one in group]) for part in ("amount", "exposure"))
    values = np.where(complete, plan.value(amount, exposure), np.nan)
    acting = effects(
        borders, grain, zone, holidays=project.calendar, events=project.events, slices=tuple(() for _ in group)
    )
    terms = Terms(kind=plan.kind, ratio=plan.ratio, grain=grain)
    found = expect(first.starts, zone, values, exposure, terms, Around(effects=acting))
    amount = np.where(complete, amount, np.nan)
    out = []
    for row, (name, own, _) in enumerate(group):
        dataset, metric = project.metric(name)
        part = slice(row, row + 1)
        out.append(
            Judged(
                monitor=Monitor(name="", dataset=dataset.name, metric=name, grain=grain),
                metric=metric,
                measured=own,
                slices=((),),
                borders=borders,
                complete_after=after,
                amount=amount[part],
                exposure=exposure[part],
                detection=_row(found, part),
            )
        )
    return out


def _row(found: Detection, part: slice) -> Detection:
    arrays = {name: getattr(found, name)[part] for name in ("expected", "lower", "upper", "score", "ready")}
    return replace(found, **arrays, alone=None if found.alone is None else found.alone[part])
