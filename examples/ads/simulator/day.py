"""The events of one UTC day, as Arrow, sorted by time.

Counts are drawn for each cell and hour; single events only get what differs among them: a moment, a person, a price, and how
late they arrived. So a day of millions takes seconds.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulator.traffic import HOURS, rates
from simulator.world import COUNTRIES, DEVICES, Integers, World

EVENTS = ("request", "impression", "click", "conversion")
"""An ad is asked for; it is shown; someone clicks on it; and does what the advertiser hoped for."""

SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.int64(), nullable=False),
        pa.field("event_time", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("received_at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("event", pa.string(), nullable=False),
        pa.field("campaign_id", pa.int64(), nullable=False),
        pa.field("country", pa.string(), nullable=False),
        pa.field("device", pa.string(), nullable=False),
        pa.field("user_id", pa.int64(), nullable=False),
        pa.field("spend", pa.decimal128(18, 6), nullable=False),
    ]
)
"""Of the table of events. `spend` is in dollars, exact to a millionth."""

PER_REQUEST = 1.9
"""Events for each request: itself, most often an impression, seldom more."""

_HOUR = 3_600_000_000
_PEOPLE = 2_000_000
_DELAY = 4e6  # microseconds, on average
_LATE = 0.006  # the share of events that come late: from phones without a net
_LATE_HOURS = 0.3


def draw_day(world: World, seed: int, day: date, events: float) -> pa.Table:
    """The events of `day`, where an average day has about `events`; strings are dictionaries of SCHEMA's."""
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
        times.append(np.sort(rng.integers(0, _HOUR, len(code))) + (start + hour * _HOUR))
    kind, cell = np.divmod(np.concatenate(codes), counts.shape[1])
    time = np.concatenate(times)
    size = len(time)
    people = (_PEOPLE * rng.random(size, np.float32) ** 2).astype(np.int64)  # some see far more than others
    columns = [
        pa.array((day.toordinal() << 32) + np.arange(size)),
        pa.array(time).cast(SCHEMA.field("event_time").type),
        pa.array(time + _delays(rng, size)).cast(SCHEMA.field("received_at").type),
        _words(kind, EVENTS),
        pa.array(world.campaigns.column("campaign_id").to_numpy()[world.campaign][cell]),
        _words(world.country.astype(np.int8)[cell], COUNTRIES),
        _words(world.device.astype(np.int8)[cell], DEVICES),
        pa.array(people),
        _money(_spend(rng, world, kind, cell)),
    ]
    return pa.table(columns, names=SCHEMA.names)


def _delays(rng: np.random.Generator, size: int) -> Integers:
    """Microseconds between an event and its arrival: seconds, and for a few hours to days."""
    delays = rng.standard_exponential(size, np.float32) * np.float32(_DELAY)
    late = np.flatnonzero(rng.random(size, np.float32) < _LATE)
    found = delays.astype(np.int64)
    found[late] += (np.minimum(rng.pareto(1.1, len(late)) * _LATE_HOURS, 48) * _HOUR).astype(np.int64)
    return found


def _spend(rng: np.random.Generator, world: World, kind: Integers, cell: Integers) -> Integers:
    """Millionths of a dollar: an auction's price for what the campaign pays for, else nothing."""
    by_click = world.by_click[cell]
    charged = np.flatnonzero(np.where(by_click, kind == EVENTS.index("click"), kind == EVENTS.index("impression")))
    found = np.zeros(len(kind), np.int64)
    found[charged] = world.price[cell[charged]] * np.exp(0.6 * rng.standard_normal(len(charged)))
    return found


def _words(places: npt.NDArray[np.integer], words: object) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int8)), pa.array(list(words)))


def _money(millionths: Integers) -> pa.Array:
    """Not negative, so the upper halves of the 128 bits are zero."""
    halves = np.zeros((len(millionths), 2), np.int64)
    halves[:, 0] = millionths
    return pa.Array.from_buffers(SCHEMA.field("spend").type, len(millionths), [None, pa.py_buffer(halves)])
