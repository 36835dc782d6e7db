"""Slices without a store: a reader of an array of events by day, country and format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.alerts.chance import Kind
from lapwing.alerts.measured import Measured
from lapwing.alerts.online.constants import Tuning
from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.alerts.sweep.looked import Looked
from lapwing.alerts.sweep.reading import Key, Panel, Reader, Rows
from lapwing.alerts.sweep.setting import Setting
from lapwing.model.grain import Grain

DIMENSIONS = ("country", "format")
CUBOIDS: list[Cuboid] = [("country",), ("format",), ("country", "format")]
COUNT = Measured(kind=Kind.COUNT, amount="x.events", exposure=None, ratio=False)
SHARE = Measured(kind=Kind.SHARE, amount="x.sold", exposure="x.events", ratio=True)
SLOTS = 7
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cube(Reader):
    """`events` and `sold` (T, C, F). `asked`: how many buckets of slices were read."""

    events: Floats
    sold: Floats
    asked: list[int] = field(default_factory=list)

    @staticmethod
    def of(events: Floats, sold: Floats, plan: Measured) -> Cube:
        return Cube(
            lapwing=None,  # type: ignore[arg-type]
            plan=plan,
            counted="x.events",
            within=(),
            grain=Grain.parse("day"),
            zone="UTC",
            borders=np.arange(len(events) + 1),
            blank=(0.0, 0.0 if plan.ratio else 1.0),
            events=events,
            sold=sold,
        )

    @property
    def whole(self) -> Panel:
        amount, exposure = (array.sum((1, 2))[None] for array in (self._amounts, self.events))
        return Panel(amount, exposure if self.plan.ratio else np.ones_like(exposure), None)

    @property
    def _amounts(self) -> Floats:
        return self.sold if self.plan.ratio else self.events

    def totals(self, by: Cuboid, first: int, last: int) -> tuple[list[Any], Floats]:
        rows = self._read(by, first, last)
        assert rows.panel.counts is not None
        return rows.columns, rows.panel.counts.sum(1)

    def rows(self, by: Cuboid, first: int, last: int, only: Sequence[Key] | None = None) -> Rows:
        self.asked.append(last - first)
        return self._read(by, first, last, only)

    def _read(self, by: Cuboid, first: int, last: int, only: Sequence[Key] | None = None) -> Rows:
        axes = tuple(1 + place for place, name in enumerate(DIMENSIONS) if name not in by)
        counts = self.events[first:last].sum(axes)
        amounts = self._amounts[first:last].sum(axes)
        there = np.argwhere(counts.sum(0) > 0)
        if only is not None:
            there = np.array([one for one in there.tolist() if tuple(map(_name, one)) in only], np.int64).reshape(
                -1, len(by)
            )
        there = there[::-1]  # in no order that anything may rely on
        columns = [pa.chunked_array([[_name(one) for one in of]], pa.string()) for of in there.T.tolist()]
        columns = columns or [pa.chunked_array([[]], pa.string()) for _ in by]
        pick = (slice(None), *there.T)
        found, events = amounts[pick].T, counts[pick].T
        return Rows(columns, Panel(found, events if self.plan.ratio else None, events))


def _name(number: int) -> str | None:
    return None if number == 0 else f"v{number}"


def setting(reader: Cube, judged: npt.NDArray[np.bool_] | None = None) -> Setting:
    buckets = len(reader.events)
    return Setting(
        tuning=Tuning(),
        slots=np.arange(buckets) % SLOTS,
        judged=np.ones(buckets, bool) if judged is None else judged[:buckets],
        complete=buckets,
        support=20.0,
        depth=2,
        threshold=3.75,
    )


def made(days: int, countries: int = 4, formats: int = 3, seed: int = 1) -> tuple[Floats, Floats]:
    """Events, some of them sold: slices of all sizes, around and below what supports one; now and then one stands out."""
    random = np.random.default_rng(seed)
    mean = random.lognormal(3.0, 1.3, (countries, formats)) * np.ones((days, 1, 1))
    mean *= 1 + 0.3 * np.sin(2 * np.pi * np.arange(days) / SLOTS)[:, None, None]
    odd = random.random(mean.shape) < 0.02
    events = random.poisson(np.where(odd, mean * random.choice([0.0, 0.3, 3.0], mean.shape), mean))
    return events.astype(np.float64), random.binomial(events, 0.4).astype(np.float64)


def plain(looked: Looked) -> dict[str, Any]:
    """All there is to compare."""
    arrays = {name: getattr(looked, name).tolist() for name in ("many", "tests", "watching")}
    flags = {(flag.cuboid, flag.key): flag.buckets.tolist() for flag in looked.flags}
    return {**arrays, "flags": flags, "groups": dict(looked.groups), "unread": looked.unread}
