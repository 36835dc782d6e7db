"""The contract of a state: the mergeable partial aggregate of a measure.

A state is made by plain SQL `GROUP BY` in any engine, kept as a few columns, merged by numpy over whole arrays, and
turned into a final value last. Merging is associative and commutative, so the state of any split of the rows, merged in
any order, is the state of the whole.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Array = npt.NDArray[Any]
Columns = Mapping[str, Array]
"""The columns of many states of one measure: suffix -> array, all of one length. Row i of every array is state i."""


@dataclass(frozen=True, slots=True)
class StateColumn:
    """One physical column of a state. `dtype` is little-endian and fixed width ("<i8", "<f8"); `merge` folds it unless the
    state overrides `State.merge`. States of varying size (HyperLogLog, top-k) will use dtype "O" holding bytes and
    override `merge`."""

    suffix: str
    dtype: str
    merge: Literal["add", "min", "max"] = "add"


@dataclass(frozen=True, slots=True)
class Bound:
    """How far an approximate final value may be off: `relative` (share of the value) at one sigma or as a hard limit."""

    relative: float
    hard: bool
    says: str


class State(ABC):
    """The state of one measure, for one type of its argument. Immutable.

    Every state has a column `n`, the number of non-null inputs that passed the filter: n = 0 means absent, whatever an
    engine returned for the other columns (they are then the merge's identity).
    """

    kind: ClassVar[str]
    columns: tuple[StateColumn, ...]
    additive: ClassVar[bool] = False
    """An empty bucket inside complete time is 0 rather than null."""

    @abstractmethod
    def sql(self, argument: str | None, where: str | None, dialect: str) -> tuple[str, ...]:
        """One aggregate expression for each of `columns`, in order, in `dialect` (sqlglot's name; "duckdb" is Lapwing's
        own SQL). `argument` is None for count(*).

        Raises:
            Refused: this engine can't build it equally; the problem says why.
        """

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        """Folds runs of states into one each: run i is rows starts[i] to starts[i+1] (the last to the end). `starts` is
        strictly increasing, begins with 0 and is not empty."""
        fold = {"add": np.add, "min": np.minimum, "max": np.maximum}
        return {c.suffix: fold[c.merge].reduceat(columns[c.suffix], starts) for c in self.columns}

    @abstractmethod
    def final(self, columns: Columns) -> pa.Array:
        """The value of each state: exact types (int64, decimal128, float64, timestamp), null where n = 0 (count: 0)."""

    @abstractmethod
    def empty(self, length: int) -> dict[str, Array]:
        """`length` states of no rows: the identity of `merge`."""

    def bound(self) -> Bound | None:
        """The error of the final value, None where it is exact."""
        return None
