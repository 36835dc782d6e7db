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
    grain is asked). `where` may name dimensions that are not in `by`. `most`: the rows that a source may give; None: any."""

    bound: BoundDataset
    measures: tuple[str, ...]
    by: tuple[str, ...]
    where: Predicate | None
    edges: npt.NDArray[np.int64]
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms the cache is to answer. `source` False: from what is kept alone, even if that is not all. `staleness`:
    seconds by which what is kept may be older than the source (None: as it was built). `time_limit` in seconds, for what
    a source is asked. `known_at`: the moment (seconds since 1970) of which what was known then is asked; None: now."""

    source: bool = True
    staleness: float | None = None
    time_limit: float = 60.0
    known_at: float | None = None
