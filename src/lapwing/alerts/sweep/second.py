"""What has a second look: slices that were flagged, and all that they are parts of, over the whole history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.alerts.history import Series, Slice
from lapwing.alerts.sweep.constants import LIKE_EVENTS, LOOK_BACK, MOST_LOOKED
from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.alerts.sweep.earlier import Earlier
from lapwing.alerts.sweep.looked import Flag, Looked
from lapwing.alerts.sweep.reading import Key, Reader, Rows, slice_of
from lapwing.alerts.sweep.values import Ints
from lapwing.model.problem import Refused


@dataclass(frozen=True, slots=True, eq=False)
class Second:
    """`series`: the whole is last. `flags`: by slice, in which buckets it was flagged."""

    reader: Reader
    series: Series
    flags: dict[Slice, Flag]
    slots: Ints
    known: dict[Slice, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, reader: Reader, seen: Looked, whole: Series, slots: Ints, earlier: Earlier | None) -> Second:
        """Reads the slices; of those that had a second look `earlier` only what is new.

        Raises:
            Refused: more stand out than can be looked at.
        """
        wanted = _with_parents(seen.flags)
        cells = (sum(len(keys) for keys in wanted.values()) + 1) * len(whole.starts)
        if cells > MOST_LOOKED:
            raise Refused.of(
                "too-many-flagged",
                f"{cells // len(whole.starts):,} slices over {len(whole.starts):,} buckets stand out: too many to look at.",
                hint="Raise the support, watch fewer dimensions (depth), or a longer grain.",
            )
        slices: list[Slice] = []
        amounts, exposures = [whole.amount], [whole.exposure]
        for cuboid, keys in wanted.items():
            named = [slice_of(cuboid, key, reader.within) for key in keys]
            amount, exposure = _read(reader, seen, cuboid, keys, named, earlier)
            slices += named
            amounts.insert(-1, amount)
            exposures.insert(-1, exposure)
        series = Series(
            (*slices, *whole.slices),
            whole.starts,
            np.concatenate(amounts),
            np.concatenate(exposures),
            whole.data_until,
            min((whole.firm, *reader.firm)),
        )
        flags = {slice_of(flag.cuboid, flag.key, reader.within): flag for flag in seen.flags}
        return cls(reader, series, flags, slots)

    def many(self, seen: Looked) -> Floats:
        """Among how many each is one, in the buckets in which it was flagged; the whole is by itself in all."""
        fixed = len(self.reader.within)
        out = np.full(self.series.amount.shape, np.inf)
        for row, within in enumerate(self.series.slices):
            if within in self.flags:
                at = self.flags[within].buckets
                out[row, at] = seen.many[len(within) - fixed, at]
        out[-1] = 1.0
        return out

    def together(self, both: Slice, row: int, at: int) -> float:
        """How much of a series belonged to a slice of it lately: in the same seasonal slot, as far as that tells."""
        days = LOOK_BACK * 86_400_000_000
        lately = np.arange(int(np.searchsorted(self.reader.borders, self.reader.borders[at] - days)), at)
        like = lately[self.slots[lately] == self.slots[at]]
        part, of = self._counts(both), self._counts(self.series.slices[row])
        shared = part[lately].sum() / max(of[lately].sum(), 1e-9)
        share = (part[like].sum() + LIKE_EVENTS * shared) / (of[like].sum() + LIKE_EVENTS)
        return float(np.clip(share, 0.0, 1.0))

    def _counts(self, within: Slice) -> Floats:
        """What supports a slice, by bucket: read where it is asked for, which it is of few."""
        if within not in self.known:
            self.known[within] = self.reader.counts(within)
        return self.known[within]


def _read(
    reader: Reader, seen: Looked, cuboid: Cuboid, keys: Sequence[Key], named: Sequence[Slice], earlier: Earlier | None
) -> tuple[Floats, Floats]:
    """Amounts and exposures (S, T) of some slices."""
    buckets = len(reader.borders) - 1
    amount, exposure = np.empty((len(keys), buckets)), np.ones((len(keys), buckets))
    before = {} if earlier is None else {within: row for row, within in enumerate(earlier.judged.slices)}
    sure = 0 if earlier is None else earlier.sure
    new = [place for place, within in enumerate(named) if within not in before]
    old = [place for place, within in enumerate(named) if within in before]
    if old and earlier is not None:
        rows = [before[named[place]] for place in old]
        amount[old, :sure] = earlier.judged.amount[rows, :sure]
        exposure[old, :sure] = earlier.judged.exposure[rows, :sure]
    for places, first, last in ((new, 0, sure), (range(len(keys)), sure, buckets)):
        some = [keys[place] for place in places]
        for part, read in _stretches(reader, seen, cuboid, some, first, last):
            panel = reader.laid(read, some)
            amount[places, part] = panel.amount
            if panel.exposure is not None:
                exposure[places, part] = panel.exposure
    return amount, exposure


def _stretches(
    reader: Reader, seen: Looked, cuboid: Cuboid, keys: Sequence[Key], first: int, last: int
) -> Iterator[tuple[slice, Rows]]:
    """What is to be known of some slices; what was read for the first look is not read again."""
    known, groups = seen.read.get(cuboid), seen.groups[cuboid]
    while keys and first < last:
        end = min(first + reader.step(groups), last)
        if known is not None and known[0] <= first < known[1]:
            end = min(known[1], last)
            yield slice(first, end), known[2].part(first - known[0], end - known[0])
        else:
            if known is not None and first < known[0]:
                end = min(end, known[0])
            yield slice(first, end), reader.rows_of(cuboid, keys, first, end, groups=groups)
        first = end


def _with_parents(flags: Sequence[Flag]) -> dict[Cuboid, list[Key]]:
    """Slices to read, by cuboid, those that any of them is a part of among them."""
    out: dict[Cuboid, dict[Key, None]] = {}
    for flag in flags:
        places = range(len(flag.cuboid))
        for size in range(1, len(flag.cuboid) + 1):
            for kept in combinations(places, size):
                cuboid = tuple(flag.cuboid[place] for place in kept)
                out.setdefault(cuboid, {})[tuple(flag.key[place] for place in kept)] = None
    return {cuboid: sorted(out[cuboid], key=str) for cuboid in sorted(out, key=lambda one: (len(one), one))}
