"""Moments as people and programs write them: ISO 8601 and other dates that can't be mistaken, or seconds since 1970."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?\Z")
_DIGITS = re.compile(r"((?:19|20)\d{6})(\d{4}(?:\d\d)?)?\Z")
"""Year, month and day, and the time, without anything between."""
_YEAR = re.compile(r"(1[89]|2[01])\d\d\Z")
_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
"""Numbers below 1e11 are seconds (until the year 5138), below 1e14 milliseconds, then micro- and nanoseconds."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = r"(?P<month>[A-Za-z]{3,9})\.?"
_DATES = (
    re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?!\d)"),
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})\Z"),
    re.compile(r"(?P<year>\d{4})[- ]?[Qq](?P<quarter>[1-4])\Z"),
    re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?!\d)"),
    re.compile(rf"(?:[A-Za-z]{{3,9}},? )?(?P<day>\d{{1,2}})[ -]{_NAME}[ ,-]{{1,2}}(?P<year>\d{{4}})(?!\d)"),
    re.compile(rf"(?:[A-Za-z]{{3,9}},? )?{_NAME} (?P<day>\d{{1,2}}),? (?P<year>\d{{4}})(?!\d)"),
)
_SLASHED = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?!\d)")
_CLOCK = re.compile(r"(?:T|,? +)?(\d{1,2})(:\d\d(?::\d\d(?:\.\d+)?)?)? ?([AaPp][Mm])?(?![\d:])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def seconds_of(text: str) -> float | None:
    """Seconds since 1970; a time without a zone is UTC. None: this is no time, or which one can't be told.

    >>> seconds_of("1970-01-02"), seconds_of("1970-01-01T02:00+01:00"), seconds_of("1404165600000")
    (86400.0, 3600.0, 1404165600.0)
    >>> seconds_of("2.1.1970"), seconds_of("Jan 2, 1970 1:00 AM"), seconds_of("1/2/1970")
    (86400.0, 90000.0, None)
    """
    text = text.strip()
    digits = _DIGITS.match(text)
    if digits is not None and digits[2] is not None and _moment(f"{digits[1]}T{digits[2]}") is not None:
        text = f"{digits[1]}T{digits[2]}"
    elif _NUMBER.match(text) and (digits is None or digits[2] is not None):
        number = float(text)
        return next((number / unit for below, unit in _UNITS if abs(number) < below), None)
    text = re.sub(r" (UTC|GMT)\Z", "", text)
    moment = _moment(text)
    for form in _DATES if moment is None else ():
        if (found := form.match(text)) is not None and (plain := _plain(text, found)) is not None:
            moment = _moment(plain)
            break
    return None if moment is None else (moment - _EPOCH).total_seconds()


def seconds_in(texts: Sequence[str]) -> list[float | None]:
    """Those of a column, which tells what one of its values alone does not: whether its numbers are years, and which part
    of 01/02/2024 is the month, where one day is above twelve.

    >>> seconds_in(["1970", "1971"]), seconds_in(["1/2/1970", "1/13/1970"])
    ([0.0, 31536000.0], [86400.0, 1036800.0])
    """
    if texts and all(_YEAR.match(text.strip()) for text in texts):
        return [seconds_of(f"{text.strip()}-01-01") for text in texts]
    found = [seconds_of(text) for text in texts]
    if None not in found:
        return found
    slashed = [_SLASHED.match(text.strip()) for text in texts]
    days = {part for one in slashed if one is not None for part in (1, 3) if int(one[part]) > 12}
    if len(days) != 1:
        return found
    order = r"\3.\1.\4" if days == {3} else r"\1.\3.\4"
    return [
        second if one is None else seconds_of(_SLASHED.sub(order, text.strip(), count=1))
        for text, one, second in zip(texts, slashed, found, strict=True)
    ]


def has_zone(text: str) -> bool | None:
    """Whether the time says its zone; None for a number, which needs none.

    >>> has_zone("2024-01-01T00:00Z"), has_zone("2024-01-01"), has_zone("1404165600")
    (True, False, None)
    """
    text = text.strip()
    if _NUMBER.match(text):
        return None
    return text.endswith(("Z", "z", " UTC", " GMT")) or bool(re.search(r":\d\d[^ ]* ?[+-]\d\d(:?\d\d)?\Z", text))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _plain(text: str, date: re.Match[str]) -> str | None:
    """A date that was found at the text's beginning, and the time after it, as ISO 8601; None: one of them is none."""
    parts = date.groupdict()
    month = parts.get("month") or str(3 * int(parts["quarter"]) - 2)
    if not month.isdigit():
        if month[:3].lower() not in _MONTHS:
            return None
        month = str(_MONTHS.index(month[:3].lower()) + 1)
    day = f"{parts['year']}-{int(month):02}-{int(parts.get('day') or 1):02}"
    rest = text[date.end() :]
    if not rest.strip():
        return day
    clock = _CLOCK.match(rest)
    if clock is None:
        return None
    hour, half = int(clock[1]), (clock[3] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0) if 1 <= hour <= 12 else 24
    return f"{day}T{hour:02}{clock[2] or ':00'}{rest[clock.end() :].strip()}"
