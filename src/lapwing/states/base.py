"""The contract of a state: the mergeable partial aggregate of a measure.

A state is made by plain SQL `GROUP BY` in any engine, kept as a few columns, merged by numpy over whole arrays, and
turned into a final value last. Merging is associative and commutative, so the state of any split of the rows, merged in
any order, is the state of the whole.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.model.problem import Refused
from lapwing.states.columns import Array, Columns, StateColumn, take
from lapwing.states.same import Mask, same_columns

__all__ = ["ROW", "Array", "Bound", "Columns", "EntriesSql", "Mask", "Rows", "State", "StateColumn"]

ROW = "lapwing_row"
"""What a row's part in a state of entries is called in `EntriesSql`."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that a state is made of, as SQL texts in an engine's dialect: what is aggregated (None: count(*)), which
    rows count, and their moment in UTC microseconds."""

    argument: str | None
    where: str | None = None
    time: str | None = None

    def counted(self, kind: str) -> str:
        """The argument for the rows that count, null for the others. CASE and not FILTER: every engine has it.

        Raises:
            Refused: there is no argument.
        """
        if self.argument is None:
            raise Refused.of("missing-argument", f"A measure of type {kind} needs an expression to aggregate.")
        return f"CASE WHEN ({self.where}) THEN ({self.argument}) END" if self.where else f"({self.argument})"

    def moment(self, kind: str) -> str:
        """The moment of the rows.

        Raises:
            Refused: there is none.
        """
        if self.time is None:
            raise Refused.of("missing-time", f"A measure of type {kind} needs a time to order rows by.")
        return self.time


@dataclass(frozen=True, slots=True)
class EntriesSql:
    """How an engine makes the entries of a state: `row` is what a row brings (null: nothing), evaluated once and then
    called ROW; rows are grouped by `key`, an expression over ROW, too, and `value` aggregates each such group. `most`
    keeps the entries of greatest value alone, ties by key."""

    row: str
    key: str
    value: str
    most: int | None = None


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

    kind: str
    columns: tuple[StateColumn, ...]
    additive: ClassVar[bool] = False
    """Parts add up to the whole; so an empty bucket inside complete time is 0 rather than null."""
    counts: ClassVar[bool] = False
    """It says how many there are: an empty bucket inside complete time is 0, whether or not parts add up."""

    @property
    def detail(self) -> object:
        """What else its SQL depends on, beside the class, the columns and the argument's type."""
        return None

    @property
    def built(self) -> tuple[str, ...]:
        """The suffixes that `sql` gives an expression for: what is one number, or one text, a state."""
        return tuple(column.suffix for column in self.columns)

    @abstractmethod
    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        """One aggregate expression for each of `built`, in order, in `dialect` (sqlglot's name; "duckdb" is Lapwing's own
        SQL).

        Raises:
            Refused: this engine can't build it equally; the problem says why.
        """

    def entries_sql(self, rows: Rows, dialect: str) -> EntriesSql | None:
        """How its entries are made, None where it has none. Raises as `sql`."""
        return None

    def from_entries(self, built: Columns, sizes: npt.NDArray[np.int64], keys: pa.Array, values: Array) -> Columns:
        """The state's columns from those that `sql` gives and the entries that `entries_sql` gives: state i has
        `sizes[i]` of them."""
        raise NotImplementedError(f"{self.kind} has no entries")

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        """Folds runs of states into one each: run i is rows starts[i] to starts[i+1] (the last to the end). `starts` is
        strictly increasing, begins with 0 and is not empty."""
        fold = {"add": np.add, "min": np.minimum, "max": np.maximum}
        return {c.suffix: fold[c.merge].reduceat(columns[c.suffix], starts) for c in self.columns}

    def compact(self, columns: Columns) -> Columns:
        """The same states in the form in which they are kept; the other methods take both forms."""
        return columns

    @abstractmethod
    def final(self, columns: Columns) -> pa.Array:
        """The value of each state: exact types (int64, decimal128, float64, timestamp), null where n = 0 (count: 0)."""

    @abstractmethod
    def empty(self, length: int) -> dict[str, Array]:
        """`length` states of no rows: the identity of `merge`."""

    def bound(self) -> Bound | None:
        """The error of the final value, None where it is exact."""
        return None

    def same(self, one: Columns, other: Columns) -> Mask:
        """Which states, of as many on both sides, can be of the same rows: whatever made and merged them, those of no rows
        always are, and those of others are equal in the one form that each has. States that keep doubles, or bounds, say
        how far they may be apart."""
        present = (one["n"] > 0) | (other["n"] > 0)
        rows = np.flatnonzero(present)
        found = ~present
        if len(rows):
            found[rows] = self._same(self.canonical(self.take(one, rows)), self.canonical(self.take(other, rows)))
        return found

    def canonical(self, columns: Columns) -> Columns:
        """The same states (at least one), each in its one form."""
        return self.compact(self.merge(columns, np.arange(len(columns["n"]))))

    def _same(self, one: Columns, other: Columns) -> Mask:
        """`same` for states in their one form of which not both are of no rows."""
        return same_columns(self.columns, one, other)

    def take(self, columns: Columns, rows: npt.NDArray[Any]) -> dict[str, Array]:
        """The states of `rows` (numbers of rows, any number of times, or a mask)."""
        return take(self.columns, columns, rows)

    def concatenate(self, parts: Sequence[Columns]) -> dict[str, Array]:
        """All states of `parts`, one after the other. Entries follow the states that they belong to, so this is plain
        concatenation of each column."""
        return {c.suffix: np.concatenate([part[c.suffix] for part in parts]) for c in self.columns}
