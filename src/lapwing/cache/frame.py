"""States in memory: what a read gives, from a rollup or from the source alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.states.base import Columns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateFrame:
    """`groups` has a row for each group that occurs and a column for each dimension asked (no columns, one row, where
    none was). Row i holds the state of group `group[i]` in bucket `bucket[i]` (an index into the request's buckets);
    rows are unique and sorted by (group, bucket); buckets without data have no row. `states` maps each measure to its
    columns.
    """

    groups: pa.Table
    group: npt.NDArray[np.int32]
    bucket: npt.NDArray[np.int32]
    states: Mapping[str, Columns]
