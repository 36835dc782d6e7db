"""How every slice is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.online.constants import Tuning
from lapwing.alerts.sweep.constants import MOST_GROUPS, WORTH
from lapwing.alerts.sweep.values import Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setting:
    """`slots` (T,): of each bucket; `judged` (T,): which are, all of them among the first `complete` ones; `support`: events a
    bucket; `threshold`: evidence that a single series would need; `most_groups`: slices of one combination that are
    read at most."""

    tuning: Tuning
    slots: Ints
    judged: Bools
    complete: int
    support: float
    depth: int
    threshold: float
    most_groups: int = MOST_GROUPS

    def many(self, watched: Ints) -> Floats:
        """Among how many series of their own slices are looked at, of which so many had support."""
        return np.maximum(self.depth * watched / WORTH, 1.0)
