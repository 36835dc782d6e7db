"""What a pass over slices saw, and what it has to know of the slices that they are parts of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lapwing.alerts.sweep.memory import Places, Single


@dataclass(frozen=True, slots=True, eq=False)
class Above:
    """The parents of slices along one of their dimensions: `rows` (S,) are columns of `pattern` and `gain` (T, P), what the
    parents were expected to be by unit of weight, and how many times as much they came to."""

    rows: Places
    pattern: Single
    gain: Single

    def pattern_at(self, bucket: int) -> Single:
        """Of each slice's parent."""
        out: Single = self.pattern[bucket].take(self.rows)
        return out

    def gain_at(self, bucket: int) -> Single:
        """Of each slice's parent."""
        out: Single = self.gain[bucket].take(self.rows)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a pass saw: `bucket`, `row` and `size` (F,) of buckets that may be worth a second look, `size` in signed
    deviations; `watched` (T,), how many slices had support; and of the slices as parents `pattern` and `gain` (T, S), where
    that was wanted."""

    bucket: npt.NDArray[np.int64]
    row: Places
    size: Single
    watched: npt.NDArray[np.int64]
    pattern: Single | None
    gain: Single | None

    def later(self, by: int) -> Seen:
        """The same, so many buckets later."""
        return replace(self, bucket=self.bucket + by)

    @staticmethod
    def joined(parts: Sequence[Seen], series: int) -> Seen:
        """One stretch of time after the other."""
        if not parts:
            nothing, empty = np.zeros(0, np.int64), np.zeros((0, series), np.float32)
            return Seen(nothing, nothing, empty[:, 0] if series else np.zeros(0, np.float32), nothing, empty, empty)
        patterns, gains = ([getattr(part, name) for part in parts] for name in ("pattern", "gain"))
        return Seen(
            np.concatenate([part.bucket for part in parts]),
            np.concatenate([part.row for part in parts]),
            np.concatenate([part.size for part in parts]),
            np.concatenate([part.watched for part in parts]),
            None if patterns[0] is None else np.concatenate(patterns),
            None if gains[0] is None else np.concatenate(gains),
        )

    @staticmethod
    def side_by_side(parts: Sequence[Seen], firsts: Sequence[int]) -> Seen:
        """Of blocks of slices, of which those are the first rows, over the same stretch."""

        def together(name: str) -> Single | None:
            arrays = [getattr(part, name) for part in parts]
            return None if arrays[0] is None else np.concatenate(arrays, axis=1)

        return Seen(
            np.concatenate([part.bucket for part in parts]),
            np.concatenate([part.row + first for part, first in zip(parts, firsts, strict=True)]),
            np.concatenate([part.size for part in parts]),
            np.sum([part.watched for part in parts], axis=0),
            together("pattern"),
            together("gain"),
        )
