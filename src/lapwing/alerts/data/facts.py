"""All that checks of a dataset are about, at one look: frozen, so that a check is a pure function of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.alerts.data.seen import Seen
from lapwing.alerts.detect import Detection
from lapwing.alerts.ready.arrivals import Moments
from lapwing.alerts.ready.curve import Curve
from lapwing.cache.incident import Incident
from lapwing.cache.runs import Run
from lapwing.model.dataset import Dataset
from lapwing.model.grain import Grain
from lapwing.model.problem import Problem


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows by bucket: `borders` (T + 1, UTC microseconds), `held` (T,) now, and what was expected of each once complete, by
    those before it."""

    grain: Grain
    borders: Moments
    held: Floats
    expected: Detection

    def complete(self, until: int) -> int:
        """How many buckets end by a moment."""
        return int(np.searchsorted(self.borders[1:], until, side="right"))


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """A dimension's rows by complete day: `values` (V,) and `rows` (V, T); the newest day is [start, end). `label` is the
    dimension's."""

    label: str
    values: tuple[object, ...]
    rows: Floats
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """At moment `at` (UTC microseconds). `seen` is of the looks before and of this one; `curve` is how rows of the buckets of
    `rows` arrive. `promised`: microseconds within which a rollup is to follow its source. `runs`: the last one over each
    rollup. `trouble`: why the source can't be looked at."""

    dataset: Dataset
    at: int
    zone: str
    seen: Seen
    curve: Curve | None = None
    rows: Rows | None = None
    days: Rows | None = None
    values: tuple[Values, ...] = ()
    complete_until: int | None = None
    promised: int | None = None
    runs: tuple[Run, ...] = ()
    trouble: Problem | None = None
    audits: tuple[Incident, ...] = ()
