"""The first look at all slices: which of them a second one is worth, and when.

It goes on from what it remembers (`remembered`): what is read and gone through is what came since. Where nothing is
remembered that is the whole history, which is what a slice that comes to be large enough later has gone through for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from lapwing.alerts.many import needed
from lapwing.alerts.sweep.constants import LOOK
from lapwing.alerts.sweep.digest import occurs
from lapwing.alerts.sweep.looked import Looked, looked
from lapwing.alerts.sweep.remembered import State
from lapwing.alerts.sweep.runs import Run, advanced, whole_runs
from lapwing.alerts.sweep.stretches import Stretches
from lapwing.alerts.sweep.tracking import TooMany, track


@dataclass(frozen=True, slots=True)
class Looking:
    """Goes through a history, a stretch of time after the other."""

    stretches: Stretches

    @property
    def state(self) -> State:
        """What is remembered by now."""
        return self.stretches.state

    def go_on(self, stops: Callable[[int], Collection[int]], keep: Callable[[State], None]) -> None:
        """Up to the last bucket that is complete. `stops`: for so many bytes that are remembered, after how many buckets they
        are handed over to `keep`.

        Raises:
            TooMany: more slices than can be read came in.
        """
        first, last = self.state.buckets, self.stretches.setting.complete
        if first == last:
            return
        track(self.stretches, first, last)
        self._load(first, last)
        runs = whole_runs(self.state.levels)
        wanted = set(stops(self.state.room))
        for stop in sorted({last, *(at for at in wanted if first < at <= last)}):
            for stretch in self.stretches.cut(self.state.buckets, stop):
                self._through(runs, *stretch)
            if stop in wanted:
                keep(self.state)

    def changed_since(self, first: int) -> int:
        """The first bucket from `first` on that is not as it was when what is remembered was made."""
        state, setting = self.state, self.stretches.setting
        last = min(state.buckets, setting.complete)
        differs = np.flatnonzero(state.judged[:last] != setting.judged[:last])
        last = int(differs[0]) if len(differs) else last
        for stretch in self.stretches.cut(first, last):
            found = np.flatnonzero(self.stretches.digests(*stretch) != state.digests[slice(*stretch)])
            if len(found):
                return stretch[0] + int(found[0])
        return last

    def looked(self, buckets: int) -> Looked:
        """What was seen, over so many buckets."""
        return looked(self.stretches.setting, self.state, self.stretches.known, buckets)

    def _load(self, first: int, last: int) -> None:
        """Makes sure that the slots of some buckets are held."""
        slots = np.unique(self.stretches.setting.slots[first:last]).tolist()
        for size in range(len(self.state.levels)):
            self.state.load(size, slots)

    def _through(self, runs: Sequence[Run], first: int, last: int) -> None:
        """Takes a stretch in, and what was seen in it."""
        state, stretches, setting = self.state, self.stretches, self.stretches.setting
        for level in state.levels:
            level.touched.update(setting.slots[first:last].tolist())
        for level in state.levels[1:]:
            for cuboid, of in level.slices.items():
                rows = stretches.rows(cuboid, first, last)
                here = occurs(rows.panel, stretches.blank).any(axis=1)
                places = of.met(stretches.codes(cuboid, rows)[here])
                of.totals[places] += rows.total[here]
                of.since[places] = np.minimum(of.since[places], first)
                if len(of.codes) > setting.most_groups:
                    raise TooMany
        digests = stretches.digests(first, last)
        watched = np.zeros((setting.depth, last - first), np.int64)
        for size, seen in enumerate(advanced(stretches, runs, first, last)[1:], 1):
            watched[size - 1] = seen.watched
            least = needed(setting.threshold, setting.many(seen.watched)) * LOOK
            enough = np.abs(seen.size) >= least[seen.bucket]
            new = np.stack([seen.row[enough], seen.bucket[enough] + first]).astype(np.int32)
            state.flags[size - 1] = np.concatenate([state.flags[size - 1], new], axis=1)
        state.watched = np.concatenate([state.watched, watched], axis=1)
        state.judged = np.concatenate([state.judged, setting.judged[first:last]])
        state.digests = np.concatenate([state.digests, digests])
