"""The detector: what each bucket of each series was expected to be, judged by what was known before it.

One online pass over time, vectorised over series, so it is causal by construction: the outputs of a prefix are the
prefix of the outputs, and a pass that goes on from what an earlier one remembered gives the same to the last bit. Each
series has

- profiles: a rate for each seasonal slot (say hour of week, and hour of day), forgetting old visits; and, where it is a
  slice, the pattern of its parent. They are combined by how well each has predicted so far (Bates and Granger), so a
  sparse or new series leans on the coarse profile or the parent's, and a dense one on its own fine one;
- clocks: whether it went along when people's clocks changed;
- effects: factors of holidays, days of the month and the project's events;
- a level: how the recent past runs against the profiles, so that growth and summers do not count as news;
- a spread, upwards and downwards apart, never below that of chance: Poisson for counts, binomial for shares.

What enters the training is winsorised, so an incident can't teach the model that it is normal; what the same slot's last
visit showed as well, such as a new level after a week, is let in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats, Kind, Range, amount_at
from lapwing.alerts.online.clocks import Clocks
from lapwing.alerts.online.constants import Tuning
from lapwing.alerts.online.effects import Effects
from lapwing.alerts.online.memory import Memory
from lapwing.alerts.online.model import Model

Slots = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """All arrays are (series, buckets), in the value's own unit. `score` is signed, in robust standard deviations; nan
    where the bucket was not judged. `lower` to `upper` is what lies within `width` of them. `ready`: enough history.
    `alone`: buckets of events, or changes of clocks, whose effect is hardly known, which say nothing together with others."""

    expected: Floats
    lower: Floats
    upper: Floats
    score: Floats
    ready: Bools
    alone: Bools | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setting:
    """How series are judged: what chance does to them, the grain's tuning, `parent` (S,), the row of the series that each
    is a slice of (-1 for none), what the calendar and its clocks do, and half the width of the band, in robust standard
    deviations."""

    kind: Kind = Kind.LEVEL
    tuning: Tuning = field(default_factory=Tuning)
    parent: npt.NDArray[np.intp] | None = None
    effects: Effects | None = None
    clocks: Clocks | None = None
    width: float = 5.0


def detect(values: Floats, season: Slots, setting: Setting | None = None, exposure: Floats | None = None) -> Detection:
    """Judges every bucket by the buckets before it; see `advance`."""
    setting = setting or Setting()
    profiles = np.atleast_2d(np.asarray(season, np.int64))
    effects = 0 if setting.effects is None else len(setting.effects.names)
    memory = Memory.blank(len(values), len(profiles), int(profiles.max(initial=0)) + 1, effects, setting.tuning.first)
    return advance(memory, values, profiles, setting, exposure)[0]


def advance(
    memory: Memory,
    values: Floats,
    season: Slots,
    setting: Setting,
    exposure: Floats | None = None,
    keep: Collection[int] = (),
    since: int = 0,
) -> tuple[Detection, Mapping[int, Memory]]:
    """Goes on from what is remembered, which changes.

    Args:
        values: (S, T); nan where there is no value or it is not complete: expected all the same, never judged or learned.
        season: (P, T), the slot of each bucket in each profile, finest profile first.
        exposure: (S, T), the denominators where `values` are ratios: SHARE needs it, SUM may have it.
        keep: after how many buckets what is remembered then is wanted, too.
        since: how many buckets are in the memory already; all arrays, and the setting's effects, begin with these all the
            same. The detection is of those after them.
    """
    kind = setting.kind
    if kind is Kind.SHARE and exposure is None:
        raise ValueError("a share needs its denominators")
    values = values[:, since:]
    exposure = None if exposure is None else exposure[:, since:]
    series, buckets = values.shape
    model = Model(kind, memory, setting.tuning, setting.parent, setting.effects, setting.clocks)
    amounts = np.ascontiguousarray((values if exposure is None else values * exposure).T, np.float64)
    weights = np.ones_like(amounts) if exposure is None else np.ascontiguousarray(exposure.T, np.float64)
    known = np.isfinite(amounts) & (weights > 0)
    amounts, weights = np.where(known, amounts, np.nan), np.where(known, weights, np.nan)
    kept = np.empty((4, buckets, series))  # mean, weight, up and down
    score = np.full((buckets, series), np.nan)
    ready, alone = np.zeros((2, buckets, series), bool)
    slots = np.asarray(season, np.int64)
    remembered = {since: memory.copy()} if since in keep else {}
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for at in range(buckets):
            step = model.expect(since + at, slots[:, since + at], weights[at])
            kept[:, at] = step.range.mean, step.range.weight, step.range.up, step.range.down
            ready[at] = step.ready
            alone[at] = step.alone
            score[at] = model.learn(step, amounts[at])
            if since + at + 1 in keep:
                remembered[since + at + 1] = memory.copy()
        score[~ready] = np.nan
        ranges = Range(*kept)
        lower, upper = (amount_at(kind, ranges, side * setting.width) / ranges.weight for side in (-1.0, 1.0))
        expected = ranges.mean / ranges.weight
    return Detection(expected.T, lower.T, upper.T, score.T, ready.T, alone.T), remembered
