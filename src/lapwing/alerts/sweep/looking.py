"""The first look at all slices: which of them a second one is worth, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.many import needed
from lapwing.alerts.online.constants import Tuning
from lapwing.alerts.sweep.constants import LOOK, MOST_GROUPS, SUPPORT_DAYS, SUPPORT_SHARE, WORTH
from lapwing.alerts.sweep.cuboids import Cuboid, parents_of
from lapwing.alerts.sweep.reading import Key, Panel, Reader
from lapwing.alerts.sweep.screen import Above, Memory, Places, Screen, Seen, Single

Ints = npt.NDArray[np.int64]
THREADS = 2
"""More do not pay: memory is what is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setting:
    """`slots` (T,): of each bucket; `judged` (T,): which are; `support`: events a bucket; `threshold`: evidence that a single
    series would need."""

    tuning: Tuning
    slots: Ints
    judged: Bools
    support: float
    depth: int
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class Flag:
    """A slice, and the buckets in which it was worth a second look, in order."""

    cuboid: Cuboid
    key: Key
    buckets: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looked:
    """`many` (D + 1, T): among how many series one of so many dimensions is looked at; `tests` (T,): how many series of
    their own all of them, the whole among them, are worth; `watching` (T,): how many slices had support, of all `groups`;
    `unread`: combinations with too many slices."""

    flags: tuple[Flag, ...]
    many: Floats
    tests: Floats
    watching: Ints
    groups: Mapping[Cuboid, int]
    unread: tuple[Cuboid, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """The slices of so many dimensions: by cuboid the row that each has, of one long list; `first` is where those of a cuboid
    begin."""

    rows: Mapping[Cuboid, Mapping[Key, int]]
    first: Mapping[Cuboid, int]

    @property
    def series(self) -> int:
        return sum(len(rows) for rows in self.rows.values())

    def row(self, cuboid: Cuboid, key: Key) -> int:
        """-1 for one that was too small to be read."""
        of = self.rows.get(cuboid)
        place = -1 if of is None else of.get(key, -1)
        return -1 if place < 0 else self.first[cuboid] + place


def look(reader: Reader, chosen: Sequence[Cuboid], whole: Panel, setting: Setting) -> Looked:
    """Screens every slice of the cuboids. `whole`: the one series that all are slices of."""
    groups: dict[Cuboid, int] = {}
    unread: list[Cuboid] = []
    above = _Level({(): {(): 0}}, {(): 0})
    seen = _screen(reader, above, None, [whole], setting, whole)
    many = np.ones((setting.depth + 1, len(setting.slots)))
    tests = setting.judged.astype(np.float64)
    watching = np.zeros(len(setting.slots), np.int64)
    flags: list[Flag] = []
    for depth in range(1, setting.depth + 1):
        rows: dict[Cuboid, Mapping[Key, int]] = {}
        for cuboid in (one for one in chosen if len(one) == depth):
            keys, totals = reader.totals(cuboid)
            groups[cuboid] = len(keys)
            if len(keys) > MOST_GROUPS:
                unread.append(cuboid)
                continue
            enough = np.flatnonzero(totals >= _least(reader, setting))
            rows[cuboid] = {keys[place]: number for number, place in enumerate(enough)}
        sizes = np.cumsum([0, *(len(of) for of in rows.values())]).tolist()
        level = _Level(rows, dict(zip(rows, sizes, strict=False)))
        most = max((groups[cuboid] for cuboid in rows), default=0)
        seen = _screen(reader, level, (above, seen), reader.stretches(most, level.series), setting, whole)
        many[depth] = np.maximum(setting.depth * seen.watched / WORTH, 1.0)
        tests += seen.watched / many[depth]
        watching += seen.watched
        flags += _flags(level, seen, needed(setting.threshold, many[depth]) * LOOK)
        above = level
    return Looked(flags=tuple(flags), many=many, tests=tests, watching=watching, groups=groups, unread=tuple(unread))


def _least(reader: Reader, setting: Setting) -> float:
    """What a slice must have come to over all of the time to have had support in any bucket: the mean at its first judged
    buckets is of two weeks at least."""
    if reader.counted is None:
        return 0.0
    seen = min(len(setting.slots), 14 * setting.tuning.day)
    keep = 1 - 1 / (SUPPORT_DAYS * setting.tuning.day)
    return setting.support * float((1 - keep**seen) / (1 - keep))


def _screen(
    reader: Reader,
    level: _Level,
    above: tuple[_Level, Seen] | None,
    stretches: Iterable[Panel | tuple[int, int]],
    setting: Setting,
    whole: Panel,
) -> Seen:
    """Screens the slices of a level, one stretch of time after the other."""
    plan = reader.plan
    least = setting.support if reader.counted is not None else SUPPORT_SHARE
    depth = max((len(cuboid) for cuboid in level.rows), default=0)
    screen = Screen(kind=plan.kind, tuning=setting.tuning, least=least, parental=depth < setting.depth, threads=THREADS)
    slots = int(setting.slots.max(initial=0)) + 1
    memory = Memory.blank(level.series, slots, weighted=plan.ratio)
    places = [] if above is None else _parents(level, above[0])
    seen = []
    for each in stretches:
        first, last = (0, len(setting.slots)) if isinstance(each, Panel) else each
        part = slice(first, last)
        panels = [each] if isinstance(each, Panel) else [reader.panel(*one, first, last) for one in level.rows.items()]
        judged = setting.judged[part]
        amounts = _turned([one.amount for one in panels], judged)
        weights = _turned([one.exposure for one in panels], None) if plan.ratio else None
        support = _turned([_support(one, whole, part) for one in panels], None)
        of = [] if above is None else [_cut(above[1], place, part) for place in places]
        seen.append(screen.advance(memory, setting.slots[part], amounts, weights, support, of).later(first))
    return Seen.joined(seen, level.series)


def _parents(level: _Level, above: _Level) -> list[Places]:
    """The rows of the parents of all slices, along each of their dimensions; -1 for one that was too small to be read."""
    depth = max((len(cuboid) for cuboid in level.rows), default=0)
    out = [np.full(level.series, -1, np.intp) for _ in range(depth)]
    for cuboid, rows in level.rows.items():
        for number, parent in enumerate(parents_of(cuboid)):
            kept = [place for place, name in enumerate(cuboid) if name in parent]
            found = [above.row(parent, tuple(key[place] for place in kept)) for key in rows]
            out[number][level.first[cuboid] : level.first[cuboid] + len(rows)] = found
    return out


def _turned(arrays: Sequence[Floats | None], judged: Bools | None) -> Single:
    """Time first, one slice beside the other."""
    there = [array.T for array in arrays if array is not None]
    out = np.ascontiguousarray(np.concatenate(there, axis=1) if there else np.zeros((0, 0)), np.float32)
    if judged is not None:
        out[~judged] = np.nan
    return out


def _support(panel: Panel, whole: Panel, stretch: slice) -> Floats:
    """What supports slices, by bucket: events, or (of what is not counted) their share of the whole."""
    if panel.counts is not None:
        return panel.counts
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Floats = np.nan_to_num(np.abs(panel.amount) / np.abs(whole.amount[:, stretch]), posinf=0.0)
    return share


def _cut(parents: Seen, place: Places, stretch: slice) -> Above:
    """The parents over a stretch; one that was not read says nothing."""
    assert parents.pattern is not None
    assert parents.gain is not None
    pattern, gain = parents.pattern[stretch], parents.gain[stretch]
    if (place < 0).any():
        pattern = np.pad(pattern, ((0, 0), (0, 1)), constant_values=np.nan)
        gain = np.pad(gain, ((0, 0), (0, 1)), constant_values=1.0)
    return Above(place, pattern, gain)


def _flags(level: _Level, seen: Seen, least: Floats) -> list[Flag]:
    enough = np.abs(seen.size) >= least[seen.bucket]
    order = np.lexsort((seen.bucket[enough], seen.row[enough]))
    rows, buckets = seen.row[enough][order], seen.bucket[enough][order]
    names = [(cuboid, key) for cuboid, of in level.rows.items() for key in of]
    borders = np.flatnonzero(np.diff(rows)) + 1
    parts = zip(np.split(rows, borders), np.split(buckets, borders), strict=True)
    return [Flag(*names[int(of[0])], at) for of, at in parts if len(of)]
