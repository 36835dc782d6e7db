"""Judging series as plain arrays, by the terms of whoever watches them: what monitors and benchmarks run, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.bar import Bar
from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.detect import Detection, Setting, advance
from lapwing.alerts.ended import Ends
from lapwing.alerts.episode import Rules
from lapwing.alerts.incidents import Before, Episodes, episodes, learned_minimum
from lapwing.alerts.online.effects import Effects
from lapwing.alerts.online.memory import Memory
from lapwing.alerts.season import calm_buckets, clocks, gathering, quiet_buckets, rejoining, slots, tuning
from lapwing.model.dataset import Better
from lapwing.model.grain import Grain
from lapwing.model.monitor import SENSITIVITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`kind`: what chance does to the series; `ratio`: values are amounts by exposure. `min_change` is the smallest
    difference worth telling, None: learned from the series."""

    kind: Kind
    ratio: bool
    grain: Grain
    better: Better | None = None
    sensitivity: float = SENSITIVITY
    min_change: float | None = None

    @property
    def rules(self) -> Rules:
        direction = {None: 0, Better.UP: -1, Better.DOWN: 1}[self.better]
        return Rules(
            threshold=self.sensitivity,
            direction=direction,
            quiet=quiet_buckets(self.grain),
            rejoin=rejoining(self.grain),
            calm=calm_buckets(self.grain),
            gathering=gathering(self.grain),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """What else is known of the series: `parent` (S,), the row of the series that each is a slice of (-1 for none), and what
    the calendar does to them."""

    parent: npt.NDArray[np.intp] | None = None
    effects: Effects | None = None

    def part(self, rows: slice) -> Around:
        """Of some of the series: all of them, or such that no other of them is a parent."""
        parent = self.parent
        if parent is None or rows == slice(0, len(parent)):
            return self
        scope = None if self.effects is None or self.effects.scope is None else self.effects.scope[:, rows]
        effects = None if self.effects is None else replace(self.effects, scope=scope)
        return Around(None, effects)


def expect(
    starts: npt.NDArray[np.int64],
    zone: ZoneInfo,
    values: Floats,
    exposure: Floats,
    terms: Terms,
    around: Around = Around(),
) -> Detection:
    """What each bucket was expected to be by those before it.

    Args:
        starts: (T,), UTC microseconds; `zone` is that of the people who read them.
        values: (S, T), nan where there is no value or it is not complete.
        exposure: (S, T), the denominators where `terms.ratio`.
    """
    return go_on(starts, zone, values, exposure, terms, around)[0]


def go_on(
    starts: npt.NDArray[np.int64],
    zone: ZoneInfo,
    values: Floats,
    exposure: Floats,
    terms: Terms,
    around: Around = Around(),
    since: int = 0,
    memory: Memory | None = None,
    keep: Collection[int] = (),
) -> tuple[Detection, Mapping[int, Memory]]:
    """The same of the buckets from `since` on, by what is remembered of those before; arrays are of all. `memory` changes;
    `keep`: after how many buckets what is remembered then is wanted, too."""
    setting = Setting(
        kind=terms.kind,
        tuning=tuning(terms.grain),
        parent=around.parent,
        effects=around.effects,
        clocks=clocks(starts, terms.grain, zone),
        width=terms.sensitivity,
    )
    season, blank = slots(starts, terms.grain, zone), remembered(starts, zone, len(values), terms, around)
    if memory is not None:
        memory = memory.grown(series=np.arange(len(values)), slots=blank.sums.shape[2], effects=blank.effects.shape[1])
    return advance(memory or blank, values, season, setting, exposure if terms.ratio else None, keep, since)


def remembered(
    starts: npt.NDArray[np.int64], zone: ZoneInfo, series: int, terms: Terms, around: Around = Around()
) -> Memory:
    """What a model remembers of so many series before it saw any bucket."""
    season = slots(starts, terms.grain, zone)
    effects = 0 if around.effects is None else len(around.effects.names)
    return Memory.blank(series, len(season), int(season.max(initial=0)) + 1, effects, tuning(terms.grain).first)


def smallest(detection: Detection, exposure: Floats, terms: Terms) -> Floats:
    """(S, T): the smallest difference worth telling, by bucket."""
    if terms.min_change is not None:
        return np.full(detection.expected.shape, terms.min_change)
    return learned_minimum(detection.expected, detection.ready, terms.kind, exposure)


def raised(
    actual: Floats,
    exposure: Floats,
    detection: Detection,
    terms: Terms,
    cuts: Mapping[int, tuple[int, ...]] | None = None,
    before: Before | None = None,
    many: Floats | None = None,
    bar: Bar | None = None,
    ends: Ends | None = None,
) -> Episodes:
    """The incidents of each series. `cuts`: by series, buckets from which on another level is the usual one. `before`: what
    was found of the first buckets. `many` (S, T): among how many series each bucket is looked at. `bar`: how
    much evidence opens one, where votes or a budget change it. `ends` tells which series ended."""
    return episodes(actual, detection, smallest(detection, exposure, terms), terms.rules, cuts, before, many, bar, ends)


def judge_series(
    starts: npt.NDArray[np.int64],
    zone: ZoneInfo,
    values: Floats,
    exposure: Floats,
    terms: Terms,
    around: Around = Around(),
    bar: Bar | None = None,
) -> tuple[Detection, Episodes]:
    """Both, from arrays as in `expect`."""
    detection = expect(starts, zone, values, exposure, terms, around)
    volume = np.where(np.isfinite(values), exposure, np.nan) if terms.ratio else values
    ends = None if around.parent is None else Ends(volume, around.parent, tuning(terms.grain).day)
    return detection, raised(values, exposure, detection, terms, bar=bar, ends=ends)
