"""Lets an incident happen to the events of a day: some are taken out, added, priced or delivered otherwise.

All others stay as they are, with their ids, so that the cost is exact: it is what the same world without it would have had.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from simulator.events import HOUR, KINDS, Events, delays, prices
from simulator.incident import Effect, Incident
from simulator.traffic import HOURS
from simulator.world import Floats, Integers, World


@dataclass(frozen=True, slots=True)
class Change:
    """By how many events and by how much money (millionths of a dollar) a day became more."""

    events: int = 0
    spend: int = 0

    def __add__(self, other: Change) -> Change:
        return Change(self.events + other.events, self.spend + other.spend)


def happen(
    rng: np.random.Generator, events: Events, incident: Incident, world: World, midnight: datetime, new_id: int
) -> tuple[Events, Change]:
    """The events of the UTC day as they are with it; new ones have ids from `new_id` on, and come last."""
    factors = incident.factors(midnight)
    start = int(midnight.timestamp()) * 1_000_000
    hour = (events.time - start) // HOUR
    hit = incident.cells(world)[events.cell] & (factors != 1)[hour]
    rows = np.flatnonzero(hit)
    if not len(rows):
        return events, Change()
    if incident.effect is Effect.PRICE:
        before = events.spend[rows]
        events.spend[rows] = (before * factors[hour[rows]]).astype(np.int64)
        return events, Change(0, int((events.spend[rows] - before).sum()))
    if incident.effect is Effect.LATE:
        until = int(incident.end.timestamp() * 1e6) + int(incident.factor * HOUR)
        late = until + (rng.standard_exponential(len(rows)) * HOUR / 4).astype(np.int64)
        events.received[rows] = np.maximum(events.received[rows], late)
        return events, Change()
    cells = len(world.campaign)
    key = (events.kind[rows].astype(np.int64) * cells + events.cell[rows]) * HOURS + hour[rows]
    counts = np.bincount(key, minlength=KINDS * cells * HOURS).reshape(KINDS, cells, HOURS)
    if incident.effect is Effect.FEWER:
        gone = rows[_chosen(rng, key, (counts - _kept(rng, counts, factors, incident.level)).ravel())]
        return events.without(gone), Change(-len(gone), -int(events.spend[gone].sum()))
    more = _more(rng, counts, factors, incident.level, world)
    extra = _drawn(rng, more, world, start, new_id, robots=incident.level > 0)
    return events.with_(extra), Change(len(extra.id), int(extra.spend.sum()))


def _kept(rng: np.random.Generator, counts: Integers, factors: Floats, level: int) -> Integers:
    """(kind, cell, hour): how many stay. What goes takes with it what followed from it."""
    kept = counts.copy()
    following = np.zeros_like(counts[0])
    for kind in range(KINDS - 1, level - 1, -1):
        alone = counts[kind] - (counts[kind + 1] if kind + 1 < KINDS else 0)
        following = kept[kind] = following + rng.binomial(alone, factors)
    return kept


def _chosen(rng: np.random.Generator, key: Integers, take: Integers) -> Integers:
    """Places in `key`: of each key any `take[key]`."""
    shuffled = rng.permutation(len(key))
    shuffled = shuffled[np.argsort(key[shuffled], kind="stable")]
    ordered = key[shuffled]
    place = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    return shuffled[place < take[ordered]]


def _more(rng: np.random.Generator, counts: Integers, factors: Floats, level: int, world: World) -> Integers:
    """(kind, cell, hour): how many are added."""
    more = np.zeros_like(counts)
    more[0] = rng.poisson(counts[0] * (factors - 1))
    follow = (world.fill, world.click, world.convert)[: {0: 3, 1: 0, 2: 1}[level]]
    for kind, chance in enumerate(follow, start=1):
        more[kind] = rng.binomial(more[kind - 1], chance[:, None])
    return more


def _drawn(
    rng: np.random.Generator, more: Integers, world: World, start: int, first_id: int, *, robots: bool
) -> Events:
    """New events; those of robots are of a few users."""
    codes = np.repeat(np.arange(more.size), more.ravel())
    kind, rest = np.divmod(codes, more.shape[1] * HOURS)
    cell, hour = np.divmod(rest, HOURS)
    size = len(codes)
    time = start + hour * HOUR + rng.integers(0, HOUR, size)
    return Events(
        id=first_id + np.arange(size),
        kind=kind.astype(np.int32),
        cell=cell.astype(np.int32),
        time=time,
        received=time + delays(rng, size),
        user=rng.integers(0, 40 if robots else 2_000_000, size),
        spend=prices(rng, world, kind, cell),
    )
