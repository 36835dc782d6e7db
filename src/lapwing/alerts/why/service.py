"""Why a metric changed: asks for the leaves, searches them, lays related metrics beside, and says it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.alerts.history import Slice, Value
from lapwing.alerts.slicing.answer import Answer, Named, explain
from lapwing.alerts.slicing.leaves import History
from lapwing.alerts.slicing.sure import sure
from lapwing.alerts.why import says
from lapwing.alerts.why.change import Cause, Change, Part, Table, without
from lapwing.alerts.why.dimensions import Dimensions, Splits
from lapwing.alerts.why.leaves import Leaves, Questions, gather
from lapwing.alerts.why.pair import Pair, pair_of
from lapwing.alerts.why.related import related
from lapwing.alerts.why.stretches import Stretch
from lapwing.alerts.why.tables import slices, tables
from lapwing.model.dataset import Dataset, Metric

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

TOP = 5
"""Slices that are told, causes and alternatives together."""
LARGEST = 0.75
"""The part of the whole that causes may have at most: what most rows are in explains nothing."""
LITTLE = 0.1
"""The part of the change that a cause must have beyond its size, and a further cause at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Why `metric` was what it was in `now`, within the condition `where`, against `before` (at least one stretch). `fixed`:
    dimensions that `where` holds at one value. `by`: what to split by, None: whatever rollups hold. `direction`: which way it
    went, where that is known (1, -1); None: as it went. `usual`: what was expected of the whole over what it was, where more is
    known than `before`."""

    metric: str
    now: Stretch
    before: tuple[Stretch, ...]
    where: str | None = None
    fixed: tuple[str, ...] = ()
    by: tuple[str, ...] | None = None
    direction: int | None = None
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class _Looked:
    """A search over one set of dimensions."""

    leaves: Leaves
    answer: Answer


class Why:
    """Keeps what it learned about dimensions. Safe to use from several threads."""

    def __init__(self, lapwing: Lapwing) -> None:
        self._lapwing = lapwing
        self._dimensions = Dimensions(lapwing)

    def find(self, question: Question) -> Change:
        """The change and its causes.

        Raises:
            NotFound, WrongUse: there is no such metric or dimension, or the condition can't be read.
        """
        project = self._lapwing.project
        dataset, metric = project.metric(question.metric)
        pair = pair_of(dataset, metric)
        if pair is None:
            return without("No cause is looked for: the parts of this metric do not add up.")
        if not question.before:
            return without("No clear cause. There is no comparable week before it.")
        asked = Questions(
            lapwing=self._lapwing, dataset=dataset.name, pair=pair, zone=project.timezone, where=question.where
        )
        splits = self._dimensions.of(dataset, pair.measures[0], question.now)
        stretches = (*question.before, question.now)
        ways = splits.usable(dataset, question.fixed, question.by)
        if not ways:
            return without("No cause is looked for: there is no other dimension to split it by.")
        gathered = [gather(asked, by, stretches) for by in ways]
        gathered = [leaves for leaves in gathered if leaves.history.codes.shape[1]]
        if not gathered:
            return without("No clear cause. There was nothing, then or now.")
        if pair.weight is not None and any((leaves.history.amounts < 0).any() for leaves in gathered):
            return without("No cause is looked for: some of its numerators are below 0.")
        started = time.perf_counter()
        looked = _looked(gathered, question)
        took = (time.perf_counter() - started) * 1000
        change = _change(dataset, metric, pair, looked, splits, question)
        before = [question.before[i] for i in looked[0].answer.baseline]
        beside = related(asked, dataset, metric, question.now, before)
        return replace(change, milliseconds=took, before=tuple(before), **beside)


def _looked(gathered: Sequence[Leaves], question: Question) -> list[_Looked]:
    """The search of each, the most telling first."""
    values = _values(gathered[0].history)
    way = question.direction or _way(values)
    whole = None if question.usual is None else question.usual * float(values[-1])
    found = [_Looked(one, explain(one.history, top=2 * TOP, direction=way, whole=whole)) for one in gathered]
    return sorted(found, key=lambda one: (-one.answer.clear, -one.answer.joint))


def _values(history: History) -> Floats:
    """(stretches,): the whole's values."""
    amounts = history.amounts.sum(0)
    if history.weights is None:
        return np.asarray(amounts, np.float64)
    return np.asarray(amounts / np.maximum(history.weights.sum(0), 1e-12), np.float64)


def _way(values: Floats) -> int | None:
    """Which way the whole went; None where it hardly went anywhere, and slices may have gone both ways."""
    now, usual = float(values[-1]), float(np.median(values[:-1]))
    if abs(now - usual) <= 0.02 * max(abs(now), abs(usual)):
        return None
    return 1 if now > usual else -1


def _change(
    dataset: Dataset, metric: Metric, pair: Pair, looked: Sequence[_Looked], splits: Splits, question: Question
) -> Change:
    best = looked[0]
    answer, ratio = best.answer, pair.weight is not None
    whole = slices(best.leaves, np.zeros(best.leaves.history.codes.shape[1], np.int64), 1, answer)[0]
    actual, expected = (whole.after_rate, whole.before_rate) if ratio else (whole.actual, whole.expected)
    if actual is None or expected is None:
        return without("No clear cause. There was nothing to measure, then or now.")
    went = 1 if actual >= expected else -1
    direction = question.direction or went
    titles = {name: splits.title(dataset, name) for name in dataset.dimensions}
    subject = says.Subject(
        direction=direction,
        ratio=ratio,
        unit="" if ratio else metric.shown.unit,
        whole=_whole(dataset, pair),
    )
    shown = _tables(looked, direction, titles, splits)
    parts = _parts(best, titles, splits)
    clear = answer.clear and stands_out([part for part in parts if part.chosen])
    if not clear:
        parts = _by_share(parts, answer.searched)
    clear = answer.direction == direction and any(part.chosen for part in parts)
    chosen = [part for part in parts if part.chosen] if clear else []
    sentence = says.clear(chosen, subject) if clear else says.unclear(shown, subject)
    if not clear and went != direction:
        sentence = f"No clear cause. It is no {'more' if direction > 0 else 'less'} than in comparable weeks before."
    known = [part.share for part in chosen if part.share is not None]
    cause = Cause(
        says=sentence,
        slice=chosen[0].slice if clear else None,
        share=sum(known) if known else None,
        clear=clear,
        p=chosen[0].p if clear else parts[0].p if parts else None,
    )
    return Change(
        cause=cause,
        actual=actual,
        expected=expected,
        extra=whole.difference,
        rate=answer.rate,
        mix=answer.mix,
        parts=parts,
        tables=shown,
        slices=sum(one.answer.searched for one in looked),
    )


def _tables(looked: Sequence[_Looked], direction: int, titles: dict[str, str], splits: Splits) -> tuple[Table, ...]:
    """Of all dimensions, those of the best set first, with names for codes."""
    found: dict[str, Table] = {}
    for one in looked:
        for table in tables(one.leaves, one.answer, direction, titles):
            rows = tuple(replace(row, label=splits.label(table.dimension, row.value)) for row in table.rows)
            found.setdefault(table.dimension, replace(table, rows=rows))
    return tuple(found.values())


def _parts(looked: _Looked, titles: dict[str, str], splits: Splits) -> tuple[Part, ...]:
    """The slices of the answer, each in its shortest words and once."""
    history, found = looked.leaves.history, list[Part]()
    for named in looked.answer.causes:
        within = shortest(history, tuple(named.slice.items()))
        if any(part.slice == within for part in found):
            continue
        part = _part(looked, named, within, titles, splits)
        if named.chosen and found and (part.share or 0.0) < LITTLE:
            part = replace(part, chosen=False)
        found.append(part)
    return tuple(found[:TOP])


def shortest(history: History, within: Slice) -> Slice:
    """The same leaves, without dimensions that say nothing beside the others: a campaign's advertiser."""
    masks = {
        name: history.codes[history.dimensions.index(name)]
        == history.values[history.dimensions.index(name)].index(value)
        for name, value in within
    }
    whole = np.logical_and.reduce(list(masks.values()))
    kept = list(within)
    for pair in sorted(within, key=lambda pair: -int(masks[pair[0]].sum())):
        rest = [masks[name] for name, _ in kept if name != pair[0]]
        if rest and bool((np.logical_and.reduce(rest) == whole).all()):
            kept.remove(pair)
    return tuple(kept)


def _part(looked: _Looked, named: Named, within: Slice, titles: dict[str, str], splits: Splits) -> Part:
    """A slice of the answer, with its numbers among all slices of its dimensions."""
    history = looked.leaves.history
    labels: dict[tuple[str, Value], str | None] = {pair: splits.label(*pair) for pair in within}
    places = [history.dimensions.index(name) for name, _ in within]
    keys, key = np.unique(history.codes[places], axis=1, return_inverse=True)
    codes = [history.values[place].index(value) for place, (_, value) in zip(places, within, strict=True)]
    at = int(np.flatnonzero(np.equal(keys.T, codes).all(axis=1))[0])
    row = slices(looked.leaves, key.reshape(-1), keys.shape[1], looked.answer)[at]
    return Part(
        slice=within,
        name=says.slice_name(within, titles, labels),
        share=row.share,
        size=row.size,
        p=named.p,
        score=named.score,
        actual=row.actual,
        expected=row.expected,
        chosen=named.chosen,
        rate=row.rate,
        mix=row.mix,
    )


def _by_share(parts: tuple[Part, ...], searched: int) -> tuple[Part, ...]:
    """The slice that surely changed, first, if there is one: chosen is none, or that one, whose `p` is a bound then."""
    plain = [replace(part, chosen=False) for part in parts]
    found = sure(((part.score, part.share, part.size) for part in parts), searched)
    if found is None:
        return tuple(plain)
    place, bound = found
    first = replace(plain.pop(place), chosen=True, p=bound)
    return (first, *plain)


def stands_out(chosen: Sequence[Part]) -> bool:
    """Slices that are most of everything, or have no more of the change than their size gives them, explain nothing."""
    size = sum(part.size for part in chosen)
    had = sum(part.share or 0.0 for part in chosen)
    return size <= LARGEST and had >= size + LITTLE * (1 - size)


def _whole(dataset: Dataset, pair: Pair) -> str:
    """What the sizes of slices are shares of: "the flights"."""
    sized = pair.weight if pair.weight is not None else pair.exposure
    if sized is None or len(sized) != 1:
        return "the usual"
    (name,) = sized
    return f"the {dataset.metrics[name].shown.label.lower()}"


def money(change: Change, metric: Metric, dataset: Dataset, pair: Pair | None) -> tuple[float, str] | None:
    """What the change is worth; None where no worth is written down."""
    if change.actual is None or change.expected is None or change.extra is None or pair is None:
        return None
    if metric.value is not None:
        return abs(change.actual - change.expected) * metric.value, metric.currency
    if pair.weight is not None and len(pair.amount) == 1:
        ((name, factor),) = pair.amount.items()
        of = dataset.metrics[name]
        if of.value is not None and math.isfinite(change.extra):
            return abs(change.extra / factor) * of.value, of.currency
    return None
