"""The time that a metric's measures are taken over, told from the bucket that is asked.

A measure by itself is taken over the bucket. A cumulative metric takes it over a window that ends with the bucket; a
change takes it over the bucket moved back on the calendar, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from lapwing.model.duration import Span
from lapwing.model.grain import Grain


@dataclass(frozen=True, slots=True)
class Window:
    """What ends with a bucket: so `long` a time, or all since the period `to_date` in which the bucket's last moment lies
    began, or with neither all there is."""

    long: Span | None = None
    to_date: Grain | None = None

    def __str__(self) -> str:
        if self.long is not None:
            return f"over {self.long}"
        return f"{self.to_date} to date" if self.to_date is not None else "over all time"


@dataclass(frozen=True, slots=True)
class Stretch:
    """The bucket moved back by each of `back` in turn; then, with a `window`, the window that ends with that."""

    back: tuple[Span, ...] = ()
    window: Window | None = None
