"""From panels to alarms: ours as monitors raise them, and those of a score above a threshold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from benchmarks.alerts.injected.panel import Alarm, Alarms, Floats, Panel
from lapwing.alerts.incidents import Episode
from lapwing.alerts.terms import judge_series


def ours(panels: Sequence[Panel]) -> list[Alarms]:
    """What monitors with the default rules raise. Panels of the same terms and times are judged together."""
    alike: dict[object, list[int]] = defaultdict(list)
    for place, panel in enumerate(panels):
        alike[panel.terms, panel.zone.key, panel.starts.tobytes()].append(place)
    out: list[Alarms] = [()] * len(panels)
    for places in alike.values():
        of = [panels[place] for place in places]
        values, exposure = (np.concatenate([getattr(one, name) for one in of]) for name in ("values", "exposure"))
        _, found = judge_series(of[0].starts, of[0].zone, values, exposure, of[0].terms)
        rows = iter(found)
        for place, panel in zip(places, of, strict=True):
            out[place] = tuple(tuple(_alarm(one) for one in next(rows)) for _ in panel.values)
    return out


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


def _alarm(episode: Episode) -> Alarm:
    told = tuple(step.bucket for step in episode.steps if step.told)
    over = episode.last if episode.resolved is None else episode.resolved
    return Alarm(episode.opened, over, told, episode.direction)
