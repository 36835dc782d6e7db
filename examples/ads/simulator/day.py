"""The events of one UTC day, sorted by time.

Counts are drawn for each cell and hour; single events only get what differs among them: a moment, a person, a price, and how
late they arrived. So a day of millions takes seconds. Incidents happen to the day as it was drawn.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulator.events import HOUR, Events, delays, prices
from simulator.happen import Change, happen
from simulator.incident import Incident
from simulator.traffic import HOURS, rates
from simulator.world import Integers, World

PER_REQUEST = 1.9
"""Events for each request: itself, most often an impression, seldom more."""
_PEOPLE = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """The table of a day (SCHEMA, texts as dictionaries), and what each incident changed in it, by its name."""

    table: pa.Table
    changes: Mapping[str, Change]


def draw_day(world: World, seed: int, day: date, events: float, incidents: Sequence[Incident] = ()) -> Day:
    """The events of `day`, where an average day has about `events`."""
    drawn = _drawn(world, seed, day, events)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    changes: dict[str, Change] = {}
    first_new = new_id = (day.toordinal() << 32) + len(drawn.id)
    for incident in incidents:
        rng = np.random.Generator(np.random.SFC64([seed, 5, day.toordinal(), zlib.crc32(incident.name.encode())]))
        drawn, change = happen(rng, drawn, incident, world, midnight, new_id)
        changes[incident.name] = change
        new_id += max(change.events, 0)
    if new_id > first_new:
        drawn = drawn.by_time()
    return Day(drawn.table(world), changes)


def _drawn(world: World, seed: int, day: date, events: float) -> Events:
    """A day on which nothing in particular happens."""
    rng = np.random.Generator(np.random.SFC64([seed, 2, day.toordinal()]))
    requests = rng.poisson(rates(world, day) * (events / PER_REQUEST))
    impressions = rng.binomial(requests, world.fill[:, None])
    clicks = rng.binomial(impressions, world.click[:, None])
    conversions = rng.binomial(clicks, world.convert[:, None])
    counts = np.stack([requests, impressions, clicks, conversions])  # event, cell, hour
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000
    codes: list[npt.NDArray[np.int32]] = []
    times: list[Integers] = []
    every = np.arange(counts.shape[0] * counts.shape[1], dtype=np.int32)
    for hour in range(HOURS):
        code = np.repeat(every, counts[:, :, hour].ravel())
        rng.shuffle(code)
        codes.append(code)
        times.append(np.sort(rng.integers(0, HOUR, len(code))) + (start + hour * HOUR))
    kind, cell = np.divmod(np.concatenate(codes), np.int32(counts.shape[1]))
    time = np.concatenate(times)
    size = len(time)
    people = (_PEOPLE * rng.random(size, np.float32) ** 2).astype(np.int64)  # some see far more than others
    return Events(
        id=(day.toordinal() << 32) + np.arange(size),
        kind=kind,
        cell=cell,
        time=time,
        received=time + delays(rng, size),
        user=people,
        spend=prices(rng, world, kind, cell),
    )
