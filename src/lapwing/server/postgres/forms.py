"""`to_char(moment, 'YYYY-MM-DD')` as the engine's strftime: what reporting tools write for labels of time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from lapwing.sql.text import Edit, Letters

_STANDS: Final = {
    "YYYY": "%Y", "YY": "%y", "MM": "%m", "Mon": "%b", "FMMonth": "%B", "DDD": "%j", "DD": "%d", "Dy": "%a", "FMDay": "%A",
    "HH24": "%H", "HH12": "%I", "HH": "%I", "MI": "%M", "SS": "%S", "MS": "%g", "US": "%f", "AM": "%p", "PM": "%p",
    "IYYY": "%G", "IW": "%V", "ID": "%u", "FMMM": "%-m", "FMDD": "%-d", "FMHH24": "%-H", "FMHH12": "%-I",
}  # fmt: skip
"""Patterns that strftime has, too. Letters' case counts where it is a name's, of digits it does not."""
_PATTERN: Final = re.compile(
    r'"(?P<text>[^"]*)"|(?P<word>'
    + "|".join(sorted(_STANDS, key=len, reverse=True))
    + r")|(?P<other>[A-Za-z]+)|(?P<sign>.)",
    re.DOTALL,
)
_DIGITS: Final = re.compile(
    "|".join(one for one in sorted(_STANDS, key=len, reverse=True) if one.isupper()), re.IGNORECASE
)
_PARTS: Final = re.compile(r"'(?:[^']|'')*+'|\"(?:[^\"]|\"\")*+\"|--[^\n]*+|/\*.*?\*/|[(),]", re.DOTALL)


def edits(text: str, letters: Letters, begins: Iterable[int]) -> Iterator[Edit]:
    """For each call of to_char that begins at a letter of `begins`; calls of other forms are left as they are."""
    for begin in begins:
        form = _form(text, begin + len("to_char"))
        if form is None:
            continue
        start, end = form
        written = strftime(text[start + 1 : end - 1].replace("''", "'"))
        if written is not None:
            yield letters.edit(begin, begin + len("to_char"), "strftime")
            quoted = written.replace("'", "''")
            yield letters.edit(start, end, f"'{quoted}'")


def strftime(form: str) -> str | None:
    """The engine's form; None where it has none that says the same.

    >>> strftime('YYYY-MM-DD"T"HH24:MI:SS.MS'), strftime("yyyy-mm"), strftime("FMMonth YY"), strftime("999D9")
    ('%Y-%m-%dT%H:%M:%S.%g', '%Y-%m', '%B %y', None)
    """
    form = _DIGITS.sub(lambda found: found[0].upper(), form)
    parts = []
    for found in _PATTERN.finditer(form):
        if found["word"]:
            parts.append(_STANDS[found["word"]])
        elif found["other"] or (found["sign"] or "").isdigit():
            return None
        else:
            parts.append((found["text"] or found["sign"] or "").replace("%", "%%"))
    return "".join(parts) if any("%" in part for part in parts) else None


def _form(text: str, begin: int) -> tuple[int, int] | None:
    """Where the call's second argument is, if that is a text and the last one."""
    depth, comma, last = 0, False, None
    for found in _PARTS.finditer(text, begin):
        part = found[0]
        if part == "(":
            depth += 1
        elif part == ")":
            depth -= 1
            if depth == 0:
                return last if comma and last and not text[last[1] : found.start()].strip() else None
        elif part == "," and depth == 1:
            if comma:
                return None
            comma = True
        elif part[0] == "'" and depth == 1 and comma:
            last = found.span()
    return None
