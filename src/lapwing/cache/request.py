"""What is asked of the cache (or, in the same shape, of the source): states of measures by dimensions and buckets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lapwing.cache.predicate import Predicate

if TYPE_CHECKING:
    from lapwing.sql.bound import BoundDataset


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateRequest:
    """`edges` are the B + 1 strictly increasing borders of B half-open buckets, UTC microseconds (one bucket where no
    grain is asked). `where` may name dimensions that are not in `by`."""

    bound: BoundDataset
    measures: tuple[str, ...]
    by: tuple[str, ...]
    where: Predicate | None
    edges: npt.NDArray[np.int64]
