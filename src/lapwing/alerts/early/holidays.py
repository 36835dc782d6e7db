"""What the calendar knows beforehand: holidays, the project's own events and days of another length, for outlooks.

Each has a factor of its own, learned from its earlier times and, before there are any, from others of its family; a bucket in
which one acts teaches nothing else, so that a holiday is no trouble, and no end of any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lapwing.alerts.almanac import effects
from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.early.constants import EVENT_SHRINK, VISITS
from lapwing.alerts.history import Slice

if TYPE_CHECKING:
    from lapwing.model.grain import Grain
    from lapwing.model.project import Project

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """E effects over T buckets: `active` (K, T), up to K that act on each, -1 for none; `family` (E,), which stands for all of
    a kind, -1 for none; `prior` (E,), the factor before anything is known."""

    active: Ids
    family: Ids
    prior: Floats

    @property
    def held(self) -> Bools:
        """(T,): one acts."""
        found: Bools = np.asarray((self.active >= 0).any(axis=0))
        return found


def known_beforehand(borders: npt.NDArray[np.int64], grain: Grain, project: Project, within: Slice) -> Known | None:
    """What acts on the buckets between `borders` (T + 1, UTC microseconds); None where nothing does."""
    found = effects(
        borders,
        grain,
        ZoneInfo(project.timezone),
        holidays=project.calendar,
        events=project.events,
        slices=(within,),
    )
    if found is None:
        return None
    acts: Bools = found.doubt > 0  # days of the month are a season of the outlook's own
    if found.scope is not None:
        acts = acts & found.scope[:, 0]
    active = np.where((found.active >= 0) & acts[found.active], found.active, -1)
    active = active[(active >= 0).any(axis=1)]
    return Known(active, found.family, found.prior) if len(active) else None


class Factors:
    """The factors of all effects, for S series, as they are learned."""

    def __init__(self, known: Known, series: int, a_day: int) -> None:
        self._known = known
        self._shrink, self._keep = EVENT_SHRINK * a_day, 1 - 1 / (VISITS * a_day)
        self._sums = np.zeros((2, len(known.family), series))
        """What came, and what was expected without them."""

    def at(self, buckets: slice, level: Floats) -> Floats:
        """(n, S): the factors of some buckets, together; `level` is what a bucket usually comes to."""
        ids = self._known.active[:, buckets]
        like = self._shrink * np.abs(level) + 1e-12
        family = self._known.family[ids]
        prior = np.broadcast_to(self._known.prior[ids][..., None], (*ids.shape, len(level)))
        prior = np.where((family >= 0)[..., None], self._blend(family, like, prior), prior)
        own = np.where((ids >= 0)[..., None], self._blend(ids, like, prior), 1.0)
        product: Floats = own.prod(axis=0)
        return product

    def _blend(self, ids: Ids, like: Floats, prior: Floats) -> Floats:
        came, expected = self._sums[:, ids]
        found: Floats = (came + like * prior) / (expected + like)
        return found

    def learn(self, bucket: int, value: Floats, expected: Floats, here: Floats) -> None:
        """A bucket in which some act: what came and, without them, was expected; `here` (S,) their factor together."""
        known = np.isfinite(value) & (expected > 0)
        ids = self._known.active[:, bucket]
        for one in ids[ids >= 0].tolist():
            own = self._one(one, expected)
            without = np.stack([value, expected * here / np.where(own == 0, 1.0, own)])
            for each in {one, int(self._known.family[one])} - {-1}:
                kept = self._sums[:, each] * self._keep
                self._sums[:, each] = np.where(known, kept + without, self._sums[:, each])

    def _one(self, one: int, level: Floats) -> Floats:
        """(S,): one effect's factor."""
        like = self._shrink * np.abs(level) + 1e-12
        prior = np.full(len(level), self._known.prior[one])
        family = int(self._known.family[one])
        if family >= 0:
            prior = self._blend(np.array(family), like, prior)
        return self._blend(np.array(one), like, prior)
