"""Events as arrays, and as the Arrow table that they are written from."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulator.world import COUNTRIES, DEVICES, Integers, World

EVENTS = ("request", "impression", "click", "conversion")
"""An ad is asked for; it is shown; someone clicks on it; and does what the advertiser hoped for."""
KINDS = len(EVENTS)
HOUR = 3_600_000_000
"""Microseconds."""

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

_DELAY = 4e6  # microseconds, on average
_LATE = 0.006  # the share of events that come late: from phones without a net
_LATE_HOURS = 0.3


@dataclass(slots=True, eq=False)
class Events:
    """One row an event: `kind` is a place in EVENTS, `cell` in the world's cells; `time` and `received` are UTC
    microseconds, `spend` millionths of a dollar."""

    id: Integers
    kind: npt.NDArray[np.int32]
    cell: npt.NDArray[np.int32]
    time: Integers
    received: Integers
    user: Integers
    spend: Integers

    def without(self, rows: Integers) -> Events:
        """All but these."""
        stay = np.ones(len(self.id), np.bool_)
        stay[rows] = False
        return Events(*(getattr(self, one.name)[stay] for one in fields(self)))

    def with_(self, other: Events) -> Events:
        """These, then the others."""
        pairs = ((getattr(self, one.name), getattr(other, one.name)) for one in fields(self))
        return Events(*(np.concatenate(pair) for pair in pairs))

    def by_time(self) -> Events:
        """In order of time."""
        order = np.argsort(self.time, kind="stable")
        return Events(*(getattr(self, one.name)[order] for one in fields(self)))

    def table(self, world: World) -> pa.Table:
        """As SCHEMA says, texts as dictionaries."""
        columns = [
            pa.array(self.id),
            pa.array(self.time).cast(SCHEMA.field("event_time").type),
            pa.array(self.received).cast(SCHEMA.field("received_at").type),
            _words(self.kind, EVENTS),
            pa.array(world.campaigns.column("campaign_id").to_numpy()[world.campaign][self.cell]),
            _words(world.country.astype(np.int8)[self.cell], COUNTRIES),
            _words(world.device.astype(np.int8)[self.cell], DEVICES),
            pa.array(self.user),
            money(self.spend),
        ]
        return pa.table(columns, names=SCHEMA.names)


def delays(rng: np.random.Generator, size: int) -> Integers:
    """Microseconds between an event and its arrival: seconds, and for a few hours to days."""
    short = rng.standard_exponential(size, np.float32) * np.float32(_DELAY)
    late = np.flatnonzero(rng.random(size, np.float32) < _LATE)
    found = short.astype(np.int64)
    found[late] += (np.minimum(rng.pareto(1.1, len(late)) * _LATE_HOURS, 48) * HOUR).astype(np.int64)
    return found


def prices(
    rng: np.random.Generator, world: World, kind: npt.NDArray[np.integer], cell: npt.NDArray[np.integer]
) -> Integers:
    """Millionths of a dollar: an auction's price for what the campaign pays for, else nothing."""
    by_click = world.by_click[cell]
    charged = np.flatnonzero(np.where(by_click, kind == EVENTS.index("click"), kind == EVENTS.index("impression")))
    found = np.zeros(len(kind), np.int64)
    found[charged] = world.price[cell[charged]] * np.exp(0.6 * rng.standard_normal(len(charged)))
    return found


def money(millionths: Integers) -> pa.Array:
    """Exact dollars; negative ones have all upper bits set."""
    halves = np.empty((len(millionths), 2), np.int64)
    halves[:, 0], halves[:, 1] = millionths, millionths >> 63
    return pa.Array.from_buffers(SCHEMA.field("spend").type, len(millionths), [None, pa.py_buffer(halves)])


def _words(places: npt.NDArray[np.integer], words: object) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int8)), pa.array(list(words)))
