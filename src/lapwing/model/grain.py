"""Grain: the time step of a bucket."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from lapwing.model.names import nearest
from lapwing.model.problem import WrongUse

MICROSECOND = 1
SECOND = 1_000_000 * MICROSECOND


class Unit(StrEnum):
    """Units of a grain. Days and longer follow the calendar of a zone; the others are fixed lengths of time."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ISO_WEEK = "iso_week"
    FISCAL_QUARTER = "fiscal_quarter"
    FISCAL_YEAR = "fiscal_year"


FISCAL = (Unit.FISCAL_QUARTER, Unit.FISCAL_YEAR)
"""Units that need to know when a fiscal year starts."""
FIXED = {Unit.SECOND: SECOND, Unit.MINUTE: 60 * SECOND, Unit.HOUR: 3600 * SECOND}
_TEXT = re.compile(r"\s*(?:(\d+)\s*)?([A-Za-z]+(?:[ _-][A-Za-z]+)?)\s*\Z")
_SHORT = {
    "s": "second",
    "min": "minute",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "q": "quarter",
    "y": "year",
    "fy": "fiscal_year",
    "fq": "fiscal_quarter",
}


@dataclass(frozen=True, slots=True, order=True)
class Grain:
    """`count` units of time, such as 15 minutes or 1 month.

    Fixed grains divide the UTC day evenly (1, 5, 15, 30 minutes; 1, 2, 3, 6, 12 hours); calendar grains have count 1.
    `starts` is the day on which fiscal years start, as month * 100 + day; 0 where it is not known or does not matter.
    """

    count: int
    unit: Unit
    starts: int = 0

    @property
    def fixed(self) -> int | None:
        """Length in microseconds, or None where it follows the calendar."""
        length = FIXED.get(self.unit)
        return None if length is None else length * self.count

    def starting(self, starts: int) -> Grain:
        """The grain in a calendar whose fiscal years start on that day."""
        return replace(self, starts=starts) if self.unit in FISCAL else self

    def __str__(self) -> str:
        return str(self.unit) if self.count == 1 else f"{self.count} {self.unit}s"

    @staticmethod
    @lru_cache(maxsize=256)
    def parse(text: str) -> Grain:
        """Reads "15 minutes", "hour", "1 day", "15min", "1h".

        >>> str(Grain.parse("15min"))
        '15 minutes'

        Raises:
            WrongUse: not a grain, or one that does not divide the day.
        """
        match = _TEXT.match(text)
        word = re.sub("[ -]", "_", match[2].lower()) if match else ""
        word = word if word in _SHORT else word.removesuffix("s")
        word = _SHORT.get(word, word)
        if match is None or word not in list(Unit):
            raise WrongUse.of(
                "bad-grain",
                f"{text!r} is not a grain.",
                nearest=nearest(word or text, list(Unit)),
                hint="Write a count and a unit, such as 15 minutes, hour, day, week, month, quarter, year or fiscal_year.",
            )
        grain = Grain(int(match[1] or 1), Unit(word))
        day = 86_400 * SECOND
        if grain.count < 1 or (day % grain.fixed if grain.fixed else grain.count != 1):
            raise WrongUse.of(
                "bad-grain",
                f"A grain of {text!r} does not divide the day into equal buckets.",
                hint="Take a divisor of the day such as 15 minutes or 6 hours, or one day, week, month, quarter or year.",
            )
        return grain
