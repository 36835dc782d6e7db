"""Numbers as people and programs write them: plain ones, or with separators that a whole column tells."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_MISSING = frozenset({"", "null", "none", "nan", "na", "n/a", "nil", "-"})
_STYLES = ((",", "."), (".", ","), (" ", "."), (" ", ","), ("'", "."))
"""What stands between thousands, and before decimals: in English, German, by ISO, in French, in Switzerland."""
_SPACES = re.compile("[\u00a0\u202f\u2009]")


def numbers_in(texts: Sequence[str]) -> list[float | None]:
    """Those of a column; nan where there is none, None where a text is no number, or could be two different ones: 1,234
    is, unless another value of the column tells what its comma means.

    >>> numbers_in(["1,234", "0.5"]), numbers_in(["1,234", "0,5"]), numbers_in(["1,234", "5"])
    ([1234.0, 0.5], [1.234, 0.5], [None, 5.0])
    """
    plain = [_plain(text) for text in texts]
    if None not in plain:
        return plain
    ways: dict[str, list[float | None]] = {}
    for group, decimal in _STYLES:
        form = re.compile(
            rf"([+-]?(?:\d+|\d{{1,3}}(?:{re.escape(group)}\d{{3}})+))(?:{re.escape(decimal)}(\d*))?([eE][+-]?\d+)?\Z"
        )
        read = [_styled(text, form, group) for text in texts]
        if None not in read:
            ways[repr(read)] = read
    return next(iter(ways.values())) if len(ways) == 1 else plain


def _plain(text: str) -> float | None:
    if text.strip().casefold() in _MISSING:
        return math.nan
    try:
        return float(text)
    except ValueError:
        return None


def _styled(text: str, form: re.Pattern[str], group: str) -> float | None:
    text = _SPACES.sub(" ", text.strip())
    if text.casefold() in _MISSING:
        return math.nan
    found = form.match(text)
    if found is None:
        return None
    return float(f"{found[1].replace(group, '')}.{found[2] or '0'}{found[3] or ''}")
