"""The slice that moved most.

A stretch of time is laid beside comparable ones: the same hours of the weeks before, of which the more usual half is
taken. For each dimension each slice's part of the difference is counted; of a ratio's change, each slice has a part by its
rate and a part by the mix, and these add up to the change exactly. A cause is clear when one slice has most of the
difference, and much more of it than its size would give it. Else it was everywhere at once, or there is no clear cause:
both are answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.alerts.history import Slice, Totals, Value
from lapwing.alerts.words import plural, share, signed

MOST = 0.6
"""The part of the difference that a cause must have at least."""
LARGEST = 0.5
"""The part of the whole that a cause may have at most: what most rows are in explains nothing."""
SURPRISE = 0.25
"""By how much its part of the difference must pass its part of the whole."""
NARROWER = 0.9
"""The part of a slice's difference that a slice within it must keep to be named instead."""

TotalsOf = Callable[[tuple[str, ...], Slice], tuple[Totals, Totals]]
"""Totals by dimensions within a slice: of the stretch, and the mean of the comparable ones before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One slice of a dimension. `share` is its part of the whole difference. For ratios (and parts of all rows): rates
    before and after, and `rate` + `mix`, which over all rows add up to the change of the whole's rate."""

    value: Value
    label: str | None
    actual: float
    expected: float
    difference: float
    share: float | None
    size: float
    before_rate: float | None = None
    after_rate: float | None = None
    rate: float | None = None
    mix: float | None = None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """All slices of one dimension, the largest part of the difference first."""

    dimension: str
    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """What to say, and the slice it names with its part of the difference (None where no slice is clear)."""

    says: str
    slice: Slice | None
    share: float | None
    clear: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is explained. `direction` of the incident; `rates`: exposures are known, so rates can be shown; `ratio`: the
    metric is amount / exposure, so what is expected follows today's exposure. `whole`: what sizes are shares of, in words."""

    direction: int
    rates: bool
    ratio: bool
    unit: str = ""
    whole: str = "the usual"


def breakdown(dimension: str, label: str, after: Totals, before: Totals, subject: Subject) -> Breakdown:
    """The slices of one dimension; `after` and `before` have keys of one value."""
    keys = sorted({*after, *before}, key=lambda key: (key[0] is None, str(key[0])))
    nothing = np.zeros(2)
    now = np.array([after.get(key, nothing) for key in keys], np.float64).reshape(-1, 2)
    then = np.array([before.get(key, nothing) for key in keys], np.float64).reshape(-1, 2)
    expected = _expected(now, then, subject)
    difference = now[:, 0] - expected
    total = difference.sum()
    parts = _rate_and_mix(now, then) if subject.rates else None
    weight = then[:, 1] if subject.rates else then[:, 0]
    size = weight / weight.sum() if weight.sum() > 0 else np.zeros(len(keys))
    rows = []
    for i in np.argsort(-difference * subject.direction, kind="stable"):
        row = Row(
            value=keys[i][0],
            label=None,
            actual=float(now[i, 0]),
            expected=float(expected[i]),
            difference=float(difference[i]),
            share=float(difference[i] / total) if total else None,
            size=float(size[i]),
        )
        if parts is not None:
            row = replace(
                row,
                before_rate=_or_none(then[i, 0], then[i, 1]),
                after_rate=_or_none(now[i, 0], now[i, 1]),
                rate=float(parts[0][i]),
                mix=float(parts[1][i]),
            )
        rows.append(row)
    return Breakdown(dimension, label, tuple(rows))


def _expected(now: Floats, then: Floats, subject: Subject) -> Floats:
    if not subject.ratio:
        return then[:, 0]
    whole = then[:, 0].sum() / then[:, 1].sum() if then[:, 1].sum() > 0 else 0.0
    rates = np.divide(then[:, 0], then[:, 1], out=np.full(len(then), whole), where=then[:, 1] > 0)
    return np.asarray(rates * now[:, 1], np.float64)


def _rate_and_mix(now: Floats, then: Floats) -> tuple[Floats, Floats] | None:
    """Each slice's parts of the change of the whole's rate; all of them add up to it. None without both wholes."""
    if now[:, 1].sum() <= 0 or then[:, 1].sum() <= 0:
        return None
    share_now, share_then = now[:, 1] / now[:, 1].sum(), then[:, 1] / then[:, 1].sum()
    rate_now = np.divide(now[:, 0], now[:, 1], out=np.full(len(now), np.nan), where=now[:, 1] > 0)
    rate_then = np.divide(then[:, 0], then[:, 1], out=np.full(len(then), np.nan), where=then[:, 1] > 0)
    rate_now, rate_then = (  # a slice of only one side has no rate of its own to change: all of its part is mix
        np.nan_to_num(np.where(np.isnan(rate_now), rate_then, rate_now)),
        np.nan_to_num(np.where(np.isnan(rate_then), rate_now, rate_then)),
    )
    level = (now[:, 0].sum() / now[:, 1].sum() + then[:, 0].sum() / then[:, 1].sum()) / 2
    by_rate = (share_now + share_then) / 2 * (rate_now - rate_then)
    by_mix = (share_now - share_then) * ((rate_now + rate_then) / 2 - level)
    return by_rate, by_mix


def _or_none(amount: float, exposure: float) -> float | None:
    return float(amount / exposure) if exposure > 0 else None


def explain(breakdowns: tuple[Breakdown, ...], within: Slice, totals: TotalsOf, subject: Subject) -> Cause:
    """The sentence, from the breakdowns of all dimensions that are not in `within` already."""
    split = [b for b in breakdowns if len(b.rows) > 1]
    if not split:
        return Cause("No clear cause. There is nothing to split it by.", None, None, False)
    leading = [(b, b.rows[0]) for b in split if b.rows[0].share is not None]
    clear = [(b, row) for b, row in leading if _is_clear(row)]
    if clear:
        dimension, row = max(clear, key=lambda pair: (pair[1].share or 0) - pair[1].size)
        return _clear(dimension, row, split, within, totals, subject)
    spread = [(b, _moved(b, subject.direction)) for b in split if _countable(b)]
    spread.sort(key=lambda pair: len(pair[0].rows))
    if spread and all(moved >= 0.75 * len(_sizeable(b)) for b, moved in spread):
        return _everywhere(spread[:2], subject)
    return _unclear(leading, subject)


def _is_clear(row: Row) -> bool:
    part = row.share or 0.0
    return part >= MOST and part - row.size >= SURPRISE and row.size <= LARGEST


def _clear(
    dimension: Breakdown, row: Row, split: list[Breakdown], within: Slice, totals: TotalsOf, subject: Subject
) -> Cause:
    """The slice, or a narrower one in it that has nearly all of its difference and is at most half its size."""
    found: Slice = ((dimension.dimension, row.value),)
    part, size = row.share or 0.0, row.size
    best: tuple[Breakdown, Row] | None = None
    for other in split:
        if other is dimension or len(other.rows) > 50:
            continue
        after, before = totals((other.dimension,), (*within, *found))
        first = breakdown(other.dimension, other.label, after, before, subject).rows[0]
        narrower = (first.share or 0.0) >= NARROWER and first.size <= 0.5
        if narrower and (best is None or (first.share or 0.0) - first.size > (best[1].share or 0.0) - best[1].size):
            best = (other, first)
    name = _described(row, dimension)
    if best is not None:
        inner, first = best
        found = (*found, (inner.dimension, first.value))
        part, size = part * (first.share or 0.0), size * first.size
        name = f"{_described(row, dimension)} with {_described(first, inner)}"
    of_the = share(min(part, 1.0))
    says = f"Mostly {name}: {of_the} of the difference, from {share(size)} of {subject.whole}."
    return Cause(says, found, part, True)


def _everywhere(spread: list[tuple[Breakdown, int]], subject: Subject) -> Cause:
    """All or nearly all slices of every dimension moved the same way."""
    counted = []
    for dimension, moved in spread:
        of = len(_sizeable(dimension))
        counted.append(
            f"all {plural(of, dimension.label)}" if moved == of else f"{moved} of {plural(of, dimension.label)}"
        )
    largest = spread[0][0].rows[0]
    difference = signed(largest.difference, unit="" if subject.ratio else subject.unit)
    verb = "are higher" if subject.direction > 0 else "are lower"
    part = share(largest.share) if largest.share is not None else "–"
    size = f"{part} of the difference" if subject.ratio else f"{difference}"
    return Cause(
        f"Everywhere at once: {' and '.join(counted)} {verb}. {_name(largest)} is the largest part, {size}.",
        None,
        None,
        False,
    )


def _unclear(leading: list[tuple[Breakdown, Row]], subject: Subject) -> Cause:
    telling = [(b, row) for b, row in leading if row.size <= LARGEST]
    if not telling:
        return Cause("No clear cause.", None, None, False)
    dimension, row = max(telling, key=lambda pair: (pair[1].share or 0) - pair[1].size)
    name = _described(row, dimension)
    says = (
        f"No clear cause. {name[0].upper()}{name[1:]} has {share(row.size)} of {subject.whole} "
        f"and {share(row.share or 0)} of the difference."
    )
    return Cause(says, None, row.share, False)


def _name(row: Row) -> str:
    return row.label or ("null" if row.value is None else str(row.value))


def _described(row: Row, dimension: Breakdown) -> str:
    """A slice by name and kind: "Newark (airport)", "not long haul"."""
    if isinstance(row.value, bool):
        return dimension.label.lower() if row.value else f"not {dimension.label.lower()}"
    return f"{_name(row)} ({dimension.label.lower()})"


def _countable(dimension: Breakdown) -> bool:
    """Worth counting in a sentence: a handful of names, not numbers or yes and no."""
    return 3 <= len(dimension.rows) <= 30 and all(isinstance(row.value, str) for row in dimension.rows)


def _sizeable(dimension: Breakdown) -> list[Row]:
    """Slices that take part at all: those with anything measured, now or before."""
    return [row for row in dimension.rows if row.size > 0 or row.actual > 0]


def _moved(dimension: Breakdown, direction: int) -> int:
    """How many slices moved the incident's way."""
    return sum(row.difference * direction > 0 for row in _sizeable(dimension))


Twins = Mapping[tuple[str, str], Mapping[Value, Value]]
"""(code dimension, name dimension) -> code -> name, for dimensions that only rename another."""


def label_twins(breakdowns: tuple[Breakdown, ...], twins: Twins, titles: Mapping[str, str]) -> tuple[Breakdown, ...]:
    """Shows names as labels of codes. `titles`: what dimensions are called."""
    by_code = {code: (name, mapping) for (code, name), mapping in twins.items()}
    out = []
    for item in breakdowns:
        name, labels = by_code.get(item.dimension, (item.dimension, {}))
        rows = tuple(replace(row, label=str(labels[row.value])) if row.value in labels else row for row in item.rows)
        out.append(Breakdown(item.dimension, titles.get(name, item.label), rows))
    return tuple(out)


def usual_half(stretches: list[tuple[tuple[int, int], Totals]]) -> list[tuple[int, int]]:
    """The half of the stretches (at least two, where there are) whose wholes are nearest the median."""
    if not stretches:
        return []
    wholes = np.array([sum(float(value[0]) for value in totals.values()) for _, totals in stretches])
    most = max(min(2, len(stretches)), (len(stretches) + 1) // 2)
    return [stretches[i][0] for i in np.argsort(np.abs(wholes - np.median(wholes)), kind="stable")[:most]]


def mean_totals(totals: list[Totals]) -> Totals:
    """The mean of several stretches, slice by slice."""
    keys = {key for one in totals for key in one}
    nothing = np.zeros(2)
    return {key: np.mean([one.get(key, nothing) for one in totals], axis=0) for key in keys}
