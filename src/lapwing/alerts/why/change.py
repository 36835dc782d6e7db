"""What is found of a change: frozen data that the board, an incident's page, the API and the command line show."""

from __future__ import annotations

from dataclasses import dataclass, field

from lapwing.alerts.history import Slice, Value
from lapwing.alerts.why.stretches import Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One slice of a dimension, or one that may be a cause. `share` is its part of the whole's change. Amounts are the
    metric's, or a ratio's numerators, `expected` then at today's weights; `size` is its part of the whole before. Where
    rows are known: rates before and after, and `rate` + `mix`, which over all rows add up to the change of the whole's."""

    value: Value
    label: str | None
    actual: float
    expected: float
    difference: float
    share: float | None
    size: float
    before_rate: float | None = None
    after_rate: float | None = None
    rate: float | None = None
    mix: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """All slices of one dimension, the largest part of the change first."""

    dimension: str
    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A slice that may be a cause. `chosen`: it is part of the answer, else an alternative. `p`: how often chance alone
    gives some slice as much evidence (`score`, in nats). `name` is the slice in words. Else as in `Row`; of a ratio `rate`
    and `mix` are its parts of the change among all slices of its dimensions."""

    slice: Slice
    name: str
    share: float | None
    size: float
    p: float
    score: float
    actual: float
    expected: float
    chosen: bool
    rate: float | None = None
    mix: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A metric that the changed one is a product of (or divided by, where `divides`). `part`: what it adds to the change;
    all of them add up to it. `share` is its part of the change."""

    metric: str
    label: str
    before: float
    after: float
    part: float
    share: float | None
    divides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A metric next to the changed one in the tree of metrics, and its own change."""

    metric: str
    label: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Cause:
    """What the board says: `slice` names the first cause and `share` the part of the difference that all of them have (None
    where none is clear); `p` is that of the first."""

    says: str
    slice: Slice | None
    share: float | None
    clear: bool
    p: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Why a metric changed over a stretch against what was before.

    `actual` and `expected` are the metric's values; `extra` is how much more there was of its amount than expected. `rate`
    and `mix`: the two halves of a ratio's change, among the slices of the first part. `before`: the stretches that made what
    was expected. `slices`: how many were searched, in `milliseconds`.
    """

    cause: Cause
    actual: float | None = None
    expected: float | None = None
    extra: float | None = None
    rate: float | None = None
    mix: float | None = None
    parts: tuple[Part, ...] = ()
    tables: tuple[Table, ...] = ()
    formula: str = ""
    factors: tuple[Factor, ...] = ()
    beside: tuple[Beside, ...] = ()
    before: tuple[Stretch, ...] = ()
    slices: int = 0
    milliseconds: float = field(default=0.0, compare=False)


def without(says: str) -> Change:
    """No cause, and why not."""
    return Change(cause=Cause(says, None, None, clear=False))
