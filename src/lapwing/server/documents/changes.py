"""Why a number changed between two stretches of time."""

from __future__ import annotations

from lapwing.server.documents.base import Document, Value
from lapwing.server.documents.shown import Cause, Happening, Stake


class ChangeRow(Document):
    """A slice of a dimension. Of a ratio, amounts are numerators, and `rate` + `mix` add up to the change of the whole."""

    value: Value
    label: str | None = None
    actual: float | None
    expected: float | None
    difference: float | None
    share: float | None = None
    size: float
    before_rate: float | None = None
    after_rate: float | None = None
    rate: float | None = None
    mix: float | None = None


class ChangeTable(Document):
    dimension: str
    label: str
    rows: list[ChangeRow]


class ChangePart(Document):
    """A slice that may be a cause: `chosen` ones are the answer, others came near. `share` is its part of the change, `size`
    of the whole before; `money` its part of what is at stake."""

    slice: dict[str, Value]
    name: str
    chosen: bool
    share: float | None
    size: float
    p: float
    actual: float
    expected: float
    difference: float
    rate: float | None
    mix: float | None
    money: float | None


class ChangeFactor(Document):
    """A metric that the changed one is a product of, or divided by. The `part`s of all of them add up to the change."""

    metric: str
    label: str
    before: float
    after: float
    part: float
    share: float | None
    divides: bool


class Neighbour(Document):
    metric: str
    label: str
    before: float
    after: float


class Span(Document):
    start: str
    end: str


class Change(Cause):
    """Why a metric changed. `rate`, `mix`: how a ratio's change divides over what happened inside slices and which of them
    grew. `before`: the stretches of which what was expected was made. `parts` are slices, the best first; `tables` have those
    of each dimension. `searched`: how many slices were looked at, in `milliseconds`."""

    actual: float | None
    expected: float | None
    difference: float | None
    rate: float | None
    mix: float | None
    at_stake: Stake | None
    parts: list[ChangePart]
    tables: list[ChangeTable]
    formula: str
    factors: list[ChangeFactor]
    beside: list[Neighbour]
    events: list[Happening]
    before: list[Span]
    searched: int
    milliseconds: float
