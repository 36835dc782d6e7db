"""Puts together what several rollups and the source gave, each for its own time or its own measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.cache.arrow_states import group_codes, no_dimensions
from lapwing.cache.cut import Places
from lapwing.cache.fold import Folded, fold
from lapwing.cache.frame import StateFrame, without_empty_groups
from lapwing.states.base import Columns, State


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """A frame whose buckets are parts of the asked ones: `places` says of which (-1: of none; None: they are the same)."""

    frame: StateFrame
    places: Places | None


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    group: npt.NDArray[np.int64]
    bucket: npt.NDArray[np.int64]
    states: Mapping[str, Columns]


def merge(shares: Sequence[Share], by: Sequence[str], states: Mapping[str, State], buckets: int) -> StateFrame:
    """One frame of `buckets` buckets with all of `states`. Shares of the same measures are added up; those of different
    ones meet in their groups and buckets, where one that has nothing has the state of no rows."""
    if len(shares) == 1 and shares[0].places is None:
        return shares[0].frame
    groups, codes = _met([share.frame.groups for share in shares], by)
    alike: dict[tuple[str, ...], list[_Rows]] = {}
    for share, code in zip(shares, codes, strict=True):
        alike.setdefault(tuple(sorted(share.frame.states)), []).append(_rows(share, code, states))
    folded = [_folded(rows, names, states, buckets) for names, rows in alike.items()]
    cells = [one.group.astype(np.int64) * buckets + one.bucket for one in folded]
    every = cells[0] if len(cells) == 1 else np.unique(np.concatenate(cells))
    found: dict[str, Columns] = {}
    for one, cell in zip(folded, cells, strict=True):
        for name, columns in one.states.items():
            found[name] = _spread(columns, states[name], cell, every)
    group, bucket = (every // buckets).astype(np.int32), (every % buckets).astype(np.int32)
    return without_empty_groups(StateFrame(groups=groups, group=group, bucket=bucket, states=found))


def _met(tables: Sequence[pa.Table], by: Sequence[str]) -> tuple[pa.Table, list[npt.NDArray[np.int64]]]:
    """The groups of all, in the order of their values, and for each table where its rows are among them."""
    if not by:
        return no_dimensions(), [np.zeros(table.num_rows, np.int64) for table in tables]
    groups, codes = group_codes(pa.concat_tables(tables), by)
    return groups, np.split(codes, np.cumsum([table.num_rows for table in tables])[:-1])


def _rows(share: Share, code: npt.NDArray[np.int64], states: Mapping[str, State]) -> _Rows:
    frame = share.frame
    bucket = frame.bucket.astype(np.int64)
    if share.places is None:
        return _Rows(code[frame.group], bucket, frame.states)
    bucket = share.places[bucket]
    keep = np.flatnonzero(bucket >= 0)
    if len(keep) == len(bucket):
        return _Rows(code[frame.group], bucket, frame.states)
    kept = {name: states[name].take(columns, keep) for name, columns in frame.states.items()}
    return _Rows(code[frame.group[keep]], bucket[keep], kept)


def _folded(rows: Sequence[_Rows], names: Sequence[str], states: Mapping[str, State], buckets: int) -> Folded:
    group, bucket = np.concatenate([one.group for one in rows]), np.concatenate([one.bucket for one in rows])
    columns = {name: states[name].concatenate([one.states[name] for one in rows]) for name in names}
    return fold(group, bucket, columns, states, buckets)


def _spread(
    columns: Columns, state: State, cell: npt.NDArray[np.int64], every: npt.NDArray[np.int64]
) -> Mapping[str, npt.NDArray[np.generic]]:
    """The states at all cells, where these are only some."""
    if len(cell) == len(every):
        return columns
    place = np.full(len(every), len(cell), np.int64)
    place[np.searchsorted(every, cell)] = np.arange(len(cell))
    return state.take(state.concatenate([columns, state.empty(1)]), place)
