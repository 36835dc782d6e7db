"""Moments as people and programs write them: ISO 8601, with or without a zone, or seconds since 1970, or thousandths."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?\Z")
_DATE = re.compile(r"(19|20)\d{6}\Z")
_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
"""Numbers below 1e11 are seconds (until the year 5138), below 1e14 milliseconds, then micro- and nanoseconds."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds_of(text: str) -> float | None:
    """Seconds since 1970; a time without a zone is UTC. None: this is no time.

    >>> seconds_of("1970-01-02"), seconds_of("1970-01-01T02:00+01:00"), seconds_of("1404165600000")
    (86400.0, 3600.0, 1404165600.0)
    """
    text = text.strip()
    if _NUMBER.match(text) and not _DATE.match(text):
        number = float(text)
        return next((number / unit for below, unit in _UNITS if abs(number) < below), None)
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH).total_seconds()


def has_zone(text: str) -> bool | None:
    """Whether the time says its zone; None for a number, which needs none.

    >>> has_zone("2024-01-01T00:00Z"), has_zone("2024-01-01"), has_zone("1404165600")
    (True, False, None)
    """
    text = text.strip()
    if _NUMBER.match(text):
        return None
    return text.endswith(("Z", "z", " UTC")) or bool(re.search(r"\d[+-]\d\d(:?\d\d)?\Z", text[10:]))
