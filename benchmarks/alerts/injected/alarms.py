"""From panels to alarms: ours as monitors raise them, and those of a score above a threshold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from benchmarks.alerts.injected.panel import Alarm, Alarms, Floats, Panel
from lapwing.alerts.almanac import effects
from lapwing.alerts.episode import Episode
from lapwing.alerts.slices import parents
from lapwing.alerts.terms import Around, judge_series
from lapwing.model.calendar import DAY, from_us
from lapwing.model.events import Event, EventKind, HolidayCalendar

SUBDIVISION = {"GB": "ENG"}
"""Where the whole country has fewer holidays than its made markets have."""


def ours(panels: Sequence[Panel]) -> list[Alarms]:
    """What monitors with the default rules raise. Panels of the same terms and times are judged together."""
    alike: dict[object, list[int]] = defaultdict(list)
    for place, panel in enumerate(panels):
        alike[panel.terms, panel.country, panel.zone.key, panel.starts.tobytes()].append(place)
    out: list[Alarms] = [()] * len(panels)
    for places in alike.values():
        of = [panels[place] for place in places]
        values, exposure = (np.concatenate([getattr(one, name) for one in of]) for name in ("values", "exposure"))
        _, found = judge_series(of[0].starts, of[0].zone, values, exposure, of[0].terms, around(of))
        rows = iter(found)
        for place, panel in zip(places, of, strict=True):
            out[place] = tuple(tuple(alarm(one) for one in next(rows)) for _ in panel.values)
    return out


def around(panels: Sequence[Panel]) -> Around:
    """What a project would say: its country, what people told of before, and which series is which one's slice."""
    first = panels[0]
    borders = np.append(first.starts, 2 * first.starts[-1] - first.starts[-2])
    slices = [
        (("panel", panel.name), *((("part", str(row)),) if row < len(panel.values) - 1 else ()))
        for panel in panels
        for row in range(len(panel.values))
    ]
    events = [
        Event(
            name=f"{one.kind} of {panel.name}",
            start=from_us(int(borders[one.start])),
            end=from_us(int(borders[one.end]) - DAY * (one.kind == "expected sale")),
            kind=EventKind.EXPECTED,
            after=int(one.kind == "expected sale"),
            slice=(("panel", panel.name),),
        )
        for panel in panels
        for one in panel.quiet
        if one.told
    ]
    holidays = HolidayCalendar(country=first.country, subdivision=SUBDIVISION.get(first.country))
    found = effects(borders, first.terms.grain, first.zone, holidays=holidays, events=events, slices=slices)
    return Around(parents(slices), found)


def above(panel: Panel, score: Floats, threshold: float) -> Alarms:
    """Runs of buckets beyond a threshold, in the directions that hurt; runs close together are one alarm, told once."""
    rules = panel.terms.rules
    directions = (1, -1) if rules.direction == 0 else (rules.direction,)
    out = []
    for row in score:
        of_row = []
        for direction in directions:
            hot = np.flatnonzero(row * direction >= threshold)
            ends = np.flatnonzero(np.diff(hot, append=1 << 40) > rules.quiet)
            begins = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
            pairs = zip(hot[begins].tolist(), hot[ends].tolist(), strict=True)
            of_row += [Alarm(opened, over, (opened,), direction) for opened, over in pairs]
        out.append(tuple(sorted(of_row, key=lambda alarm: alarm.opened)))
    return tuple(out)


def alarm(episode: Episode) -> Alarm:
    """An incident as one."""
    told = tuple(step.bucket for step in episode.steps if step.told)
    over = episode.last if episode.resolved is None else episode.resolved
    return Alarm(episode.opened, over, told, episode.direction)
