"""Amounts of memory as people write them: `2GB`, `512 MB`, `1.5 GiB`."""

from __future__ import annotations

import re
from typing import Final

from lapwing.model.names import nearest
from lapwing.model.problem import WrongUse

_TEXT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", re.ASCII)
_UNITS: Final = {
    "B": 1,
    **{f"{letter}B": 1000**power for power, letter in enumerate("KMGT", 1)},
    **{f"{letter}iB": 1024**power for power, letter in enumerate("KMGT", 1)},
}
_BY_NAME: Final = {name.lower(): size for name, size in _UNITS.items()}
_MOST: Final = 1 << 60


def parse_size(text: str) -> int:
    """An amount of memory in bytes. The unit is never left out: 2 is neither bytes nor gigabytes to everyone.

    >>> parse_size("1.5 GiB")
    1610612736

    Raises:
        WrongUse: not an amount, no unit, or one that is unknown.
    """
    found = _TEXT.fullmatch(text.strip())
    size = _BY_NAME.get(found[2].lower()) if found else None
    if found and size and 0 < (amount := int(float(found[1]) * size)) < _MOST:
        return amount
    unit = found[2] if found else ""
    raise WrongUse.of(
        "bad-size",
        f"{text!r} is not an amount of memory{'; it has no unit' if found and not unit else ''}.",
        nearest=tuple(f"{found[1]}{name}" for name in nearest(unit, _UNITS)) if found and unit and not size else (),
        hint="Write a number and B, KB, MB, GB or TB (KiB, MiB, GiB, TiB for powers of 1024), such as 2GB.",
    )


def shown_size(amount: int) -> str:
    """An amount in words, rounded.

    >>> shown_size(1_600_000_000)
    '1.6 GB'
    """
    for unit in ("TB", "GB", "MB", "KB"):
        if amount >= _UNITS[unit]:
            return f"{amount / _UNITS[unit]:.3g} {unit}"
    return f"{amount} B"


def counted(number: int, noun: str) -> str:
    """So many of something.

    >>> counted(1, "row"), counted(2_000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
