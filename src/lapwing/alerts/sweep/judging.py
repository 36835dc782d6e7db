"""A monitor of every slice, judged: all slices screened, those that stand out looked at by the full model, and of these the
ones that explain the others told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.history import Asking, Series, Slice, Span
from lapwing.alerts.inputs import Inputs
from lapwing.alerts.judged import Judged, borders_of, complete_and_counted, judge, judge_series, terms_of
from lapwing.alerts.many import needed
from lapwing.alerts.measured import measured
from lapwing.alerts.resume import Past
from lapwing.alerts.season import slots, tuning
from lapwing.alerts.sweep.budgeted import Allowed, floor
from lapwing.alerts.sweep.constants import LIKE_EVENTS, LOOK_BACK, MOST_LOOKED
from lapwing.alerts.sweep.counted import counted
from lapwing.alerts.sweep.cuboids import Cuboid, cuboids
from lapwing.alerts.sweep.looking import Flag, Ints, Looked, Setting, look
from lapwing.alerts.sweep.reading import Key, Panel, Reader, slice_of
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
        found = sweep(lapwing, monitor, monitor.every, span, inputs or Inputs(), allowed)
    return replace(found, votes=allowed.votes, shares=allowed.shares)


def sweep(lapwing: Lapwing, monitor: Monitor, every: Every, span: Span, said: Inputs, allowed: Allowed) -> Judged:
    """
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
    whole = Asking(lapwing=lapwing, measured=plan, zone=zone).series((), monitor.slice, monitor.grain, span)
    if not len(whole.starts):
        return judge_series(lapwing, monitor, whole, said)
    by = counted(dataset, metric, plan)
    fixed = [name for name, _ in monitor.slice]
    chosen = cuboids(dataset, metric, plan, by, grain=monitor.grain, fixed=fixed, depth=every.depth)
    borders = borders_of(whole.starts, monitor, zone, lapwing.project.week_start)
    reader = Reader(
        lapwing=lapwing, plan=plan, counted=by, within=monitor.slice, grain=monitor.grain, zone=zone, borders=borders
    )
    setting = Setting(
        tuning=tuning(monitor.grain),
        slots=slots(whole.starts, monitor.grain, ZoneInfo(zone))[0],
        judged=complete_and_counted(whole, borders, said)[1],
        support=every.support,
        depth=every.depth,
        threshold=terms_of(monitor, metric, plan).sensitivity,
    )
    seen = look(reader, chosen, Panel(whole.amount, whole.exposure, None), setting)
    looked = _Second.of(reader, seen, whole, setting.slots)
    judged = judge_series(lapwing, monitor, looked.series, said)
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
    return replace(judged, many=told, watching=seen.watching, swept=swept)


@dataclass(frozen=True, slots=True, eq=False)
class _Second:
    """What has a second look: slices that were flagged, and all that they are parts of; the whole is last."""

    reader: Reader
    series: Series
    counts: Floats
    flags: dict[Slice, Flag]
    slots: Ints
    known: dict[Slice, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, reader: Reader, seen: Looked, whole: Series, slots: Ints) -> _Second:
        wanted = _with_parents(seen.flags)
        cells = (sum(len(keys) for keys in wanted.values()) + 1) * len(whole.starts)
        if cells > MOST_LOOKED:
            raise Refused.of(
                "too-many-flagged",
                f"{cells // len(whole.starts):,} slices over {len(whole.starts):,} buckets stand out: too many to look at.",
                hint="Raise the support, watch fewer dimensions (depth), or a longer grain.",
            )
        slices: list[Slice] = []
        parts: list[tuple[Floats, Floats, Floats]] = []
        for cuboid, keys in wanted.items():
            rows = {key: row for row, key in enumerate(keys)}
            panels = [reader.panel(cuboid, rows, *part) for part in reader.stretches(seen.groups[cuboid])]
            slices += [slice_of(cuboid, key, reader.within) for key in keys]
            amount = np.concatenate([one.amount for one in panels], axis=1)
            exposure = _joined([one.exposure for one in panels])
            counts = _joined([one.counts for one in panels])
            parts.append(
                (
                    amount,
                    np.ones_like(amount) if exposure is None else exposure,
                    np.abs(amount) if counts is None else counts,
                )
            )
        parts.append((whole.amount, whole.exposure, reader.counts(reader.within)[None]))
        series = Series(
            (*slices, *whole.slices),
            whole.starts,
            np.concatenate([amount for amount, _, _ in parts]),
            np.concatenate([exposure for _, exposure, _ in parts]),
            whole.data_until,
        )
        every = np.concatenate([of for _, _, of in parts])
        flags = {slice_of(flag.cuboid, flag.key, reader.within): flag for flag in seen.flags}
        return cls(reader, series, np.nan_to_num(every), flags, slots)

    def many(self, seen: Looked) -> Floats:
        """Among how many each is one, in the buckets in which it was flagged; the whole is by itself in all."""
        fixed = len(self.reader.within)
        out = np.full(self.series.amount.shape, np.inf)
        for row, within in enumerate(self.series.slices):
            if within in self.flags:
                at = self.flags[within].buckets
                out[row, at] = seen.many[len(within) - fixed, at]
        out[-1] = 1.0
        return out

    def together(self, both: Slice, row: int, at: int) -> float:
        """How much of a series belonged to a slice of it lately: in the same seasonal slot, as far as that tells."""
        if both not in self.known:
            self.known[both] = self.reader.counts(both)
        days = LOOK_BACK * 86_400_000_000
        lately = np.arange(int(np.searchsorted(self.reader.borders, self.reader.borders[at] - days)), at)
        like = lately[self.slots[lately] == self.slots[at]]
        part, of = self.known[both], self.counts[row]
        shared = part[lately].sum() / max(of[lately].sum(), 1e-9)
        share = (part[like].sum() + LIKE_EVENTS * shared) / (of[like].sum() + LIKE_EVENTS)
        return float(np.clip(share, 0.0, 1.0))


def _with_parents(flags: Sequence[Flag]) -> dict[Cuboid, list[Key]]:
    """Slices to read, by cuboid, those that any of them is a part of among them."""
    out: dict[Cuboid, dict[Key, None]] = {}
    for flag in flags:
        places = range(len(flag.cuboid))
        for size in range(1, len(flag.cuboid) + 1):
            for kept in combinations(places, size):
                cuboid = tuple(flag.cuboid[place] for place in kept)
                out.setdefault(cuboid, {})[tuple(flag.key[place] for place in kept)] = None
    return {cuboid: sorted(out[cuboid], key=str) for cuboid in sorted(out, key=lambda one: (len(one), one))}


def _joined(arrays: Sequence[Floats | None]) -> Floats | None:
    there = [array for array in arrays if array is not None]
    return np.concatenate(there, axis=1) if there else None
