"""The cause as a sentence: what it is, how much of the change it has, and how much of the whole it is; or that it is
everywhere at once; or that there is no clear cause, and what came nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lapwing.alerts.history import Slice, Value
from lapwing.alerts.why.change import Part, Row, Table
from lapwing.alerts.words import plural, share, signed

LARGEST = 0.5
"""The part of the whole that a slice may have at most to be told as the nearest thing to a cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is explained. `whole`: what sizes are shares of, in words; `unit`: of amounts, empty for ratios."""

    direction: int
    ratio: bool
    unit: str = ""
    whole: str = "the usual"


def clear(parts: Sequence[Part], subject: Subject) -> str:
    """Of slices that explain it."""
    chosen = [one for one in parts if one.chosen]
    named = "; ".join(one.name for one in chosen) if len(chosen) > 1 else chosen[0].name
    known = [one.share for one in chosen if one.share is not None]
    size = min(sum(one.size for one in chosen), 1.0)
    of_whole = f"from {'less than 1%' if 0 < size < 0.005 else share(size)} of {subject.whole}"
    if not known:
        return f"{_upper(named)}, {of_whole}; the whole did not change."
    had = sum(known)
    if had >= 0.5:
        return f"Mostly {named}: {share(min(had, 1.0))} of the difference, {of_whole}."
    stands = "stands out" if len(chosen) == 1 else "stand out"
    return f"{_upper(named)} {stands}: {share(had)} of the difference, {of_whole}. The rest is spread."


def unclear(tables: Sequence[Table], subject: Subject) -> str:
    """Of none that does."""
    split = [one for one in tables if len(one.rows) > 1]
    if not split:
        return "No clear cause. There is nothing to split it by."
    counted = [(one, moved(one, subject.direction)) for one in split if _countable(one)]
    counted.sort(key=lambda pair: len(pair[0].rows))
    if counted and all(of >= 0.75 * len(_sizeable(one)) for one, of in counted):
        return _everywhere(counted[:2], subject)
    telling = [(one, row) for one in split for row in one.rows[:1] if row.share is not None and row.size <= LARGEST]
    if not telling:
        return "No clear cause."
    table, row = max(telling, key=lambda pair: (pair[1].share or 0) - pair[1].size)
    name = described(table.label, row.value, row.label)
    had = f"{share(row.share or 0)} of the difference"
    return f"No clear cause. {_upper(name)} has {share(row.size)} of {subject.whole} and {had}."


def _everywhere(spread: Sequence[tuple[Table, int]], subject: Subject) -> str:
    """All or nearly all slices of every dimension moved the same way."""
    words = []
    for table, count in spread:
        of = len(_sizeable(table))
        every = f"both {plural(of, table.label).split(' ', 1)[1]}" if of == 2 else f"all {plural(of, table.label)}"
        words.append(every if count == of else f"{count} of {plural(of, table.label)}")
    largest = spread[0][0].rows[0]
    verb = "are higher" if subject.direction > 0 else "are lower"
    much = "–" if largest.share is None else share(largest.share)
    size = f"{much} of the difference" if subject.ratio else signed(largest.difference, unit=subject.unit)
    name = name_of(largest.value, largest.label)
    return f"Everywhere at once: {' and '.join(words)} {verb}. {name} is the largest part, {size}."


def moved(table: Table, direction: int) -> int:
    """How many slices moved one way; of a ratio, by their own rate."""
    return sum(
        (row.difference if row.rate is None or row.mix is None else row.rate) * direction > 0
        for row in _sizeable(table)
    )


def slice_name(within: Slice, titles: dict[str, str], labels: dict[tuple[str, Value], str | None]) -> str:
    """A slice by names and kinds: "Newark (airport) with not long haul"."""
    first, *rest = (described(titles[name], value, labels.get((name, value))) for name, value in within)
    return " with ".join([first, *([listed(rest)] if rest else [])])


def listed(words: Sequence[str]) -> str:
    """ "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def described(title: str, value: Value, label: str | None) -> str:
    """A value by name and kind: "Newark (airport)", "not long haul"."""
    if isinstance(value, bool):
        return title.lower() if value else f"not {title.lower()}"
    return f"{name_of(value, label)} ({title.lower()})"


def name_of(value: Value, label: str | None) -> str:
    return label or ("null" if value is None else str(value))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _countable(table: Table) -> bool:
    """Worth counting in a sentence: a handful of names, not numbers or yes and no."""
    return 3 <= len(table.rows) <= 30 and all(isinstance(row.value, str) for row in table.rows)


def _sizeable(table: Table) -> list[Row]:
    """Slices that take part at all: those with anything measured, now or before."""
    return [row for row in table.rows if row.size > 0 or row.actual != 0]
