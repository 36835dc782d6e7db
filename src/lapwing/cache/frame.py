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


def without_empty_groups(frame: StateFrame) -> StateFrame:
    """A group whose chunks hold nothing inside the asked time does not occur."""
    groups = frame.groups.num_rows
    occurring = np.count_nonzero(frame.group[1:] != frame.group[:-1]) + bool(len(frame.group))
    if frame.groups.num_columns == 0 or occurring == groups:
        return frame
    present = np.zeros(groups, np.bool_)
    present[frame.group] = True
    place = np.cumsum(present, dtype=np.int32) - 1
    return StateFrame(
        groups=frame.groups.filter(pa.array(present)),
        group=place[frame.group].astype(np.int32),
        bucket=frame.bucket,
        states=frame.states,
    )
