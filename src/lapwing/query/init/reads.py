"""What columns hold although their type does not say so: times and amounts as text, times as numbers.

A `Reading` is kept only where every value of the column can be read so; see `look`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lapwing.query.init.names import plain_name, quoted
from lapwing.sources.base import Family

_TIMELIKE = re.compile(
    r"(^|_)(time|timestamp|ts|at|on|date|datetime|day|epoch|when|created|updated|modified|occurred|utc|unix)($|_)"
)
_DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y%m%d", "%Y/%m/%d")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
_SECONDS = (631_152_000, 4_102_444_800)
"""Of 1990 and of 2100, since 1970."""
_UNITS = (("seconds", 1_000_000), ("milliseconds", 1_000), ("microseconds", 1))


@dataclass(frozen=True, slots=True)
class Reading:
    """`sql` reads the column, `test` is not null where that can be done; `family` is what comes out."""

    sql: str
    test: str
    family: Family
    says: str


def enum_reading(column: str) -> Reading:
    name = quoted(column)
    return Reading(f"cast({name} as varchar)", name, Family.TEXT, "an enumeration")


def text_readings(column: str) -> Iterator[Reading]:
    """The likelier first: 01/02/2024 is taken for the first of February unless another value forbids it."""
    name = quoted(column)
    zoned = f"case when regexp_matches({name}, '(Z|[+-][0-9][0-9](:?[0-9][0-9])?)$') and {name} like '%:%' "
    yield Reading(
        f"cast({name} as timestamptz)",
        f"{zoned}then try_cast({name} as timestamptz) end",
        Family.TIMESTAMPTZ,
        "text that reads as a time",
    )
    yield Reading(
        f"cast({name} as timestamp)", f"try_cast({name} as timestamp)", Family.TIMESTAMP, "text that reads as a time"
    )
    for date in _DATES:
        for clock in _CLOCKS:
            says = f"text that reads as {date}{clock}"
            if date == "%d/%m/%Y":
                says += " (day before month: check)"
            family = Family.TIMESTAMP if clock else Family.DATE
            read = f"strptime({name}, '{date}{clock}')"
            yield Reading(read if clock else f"cast({read} as date)", f"try_{read}", family, says)
    for digits in (2, 4):
        yield from _amounts(name, digits)


def _amounts(name: str, digits: int) -> Iterator[Reading]:
    """Amounts as people write them: 1,234.50 or 1.234,50, with or without a currency sign."""
    for point, group, says in ((".", ",", "text with a decimal point"), (",", ".", "text with a decimal comma")):
        whole = rf"([0-9]+|[0-9]{{1,3}}([{group}][0-9]{{3}})+)"
        sign = "([$€£]|EUR|USD|GBP)?"
        form = rf"^{sign} ?[+-]?{whole}([{point}][0-9]{{1,{digits}}})? ?{sign}$"
        bare = f"regexp_replace({name}, '[^0-9{point}-]', '', 'g')"
        number = f"replace({bare}, ',', '.')" if point == "," else bare
        read = f"cast({number} as decimal(18, {digits}))"
        yield Reading(read, f"case when regexp_matches({name}, '{form}') then 1 end", Family.DECIMAL, says)


def number_readings(column: str, family: Family, low: float, high: float) -> Iterator[Reading]:
    """Times as numbers; only in a column that is called like a time, for a number alone tells too little."""
    if not _TIMELIKE.search(plain_name(column)):
        return
    name = quoted(column)
    first, last = _SECONDS
    for unit, factor in _UNITS:
        each = 1_000_000 // factor
        if first * each <= low and high <= last * each:
            micros = f"{name} * {factor}" if family is Family.INTEGER else f"cast({name} * {factor} as bigint)"
            yield Reading(f"make_timestamptz({micros})", name, Family.TIMESTAMPTZ, f"{unit} since 1970")
    if family is Family.INTEGER and low >= 19_000_101 and high <= 21_001_231:
        read = f"strptime(cast({name} as varchar), '%Y%m%d')"
        yield Reading(f"cast({read} as date)", f"try_{read}", Family.DATE, "a number that reads as a date")
