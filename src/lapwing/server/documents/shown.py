"""Parts that several documents of alerts have. Times in series are UTC epoch milliseconds, elsewhere ISO 8601."""

from __future__ import annotations

from lapwing.server.documents.base import Document, Value

Series = list[float | None]


class Stake(Document):
    amount: float
    currency: str


class Cause(Document):
    """`slice` is the first cause, `share` the part of the difference that all causes have; both are known where it is
    `clear`. `p`: how likely chance alone does as well; of a cause that is clear by its share, a bound on that."""

    says: str
    slice: dict[str, Value] | None
    share: float | None
    clear: bool
    p: float | None


class Chart(Document):
    """`until`: data after it was not known yet."""

    time: list[int]
    actual: Series
    expected: Series
    lower: Series
    upper: Series
    outside: list[bool]
    until: int


class Happening(Document):
    name: str
    start: str
    end: str
