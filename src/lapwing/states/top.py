"""The most frequent values, with bounds: a mergeable summary of the counts that GROUP BY gives.

A state keeps the m values of the greatest counts and, as `absent`, how often any other value can have come: the count of
the greatest one left out. Merged states stay right: a value that one of them lacks may have come up to its `absent` times
there, which is added to the value's slack (compare Agarwal et al., "Mergeable summaries" (2012)). So a value's true count
is in [lower, lower + slack], and every value not in the state came at most `absent` times.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lapwing.states.argument import Argument
from lapwing.states.base import ROW, Array, Bound, Columns, EntriesSql, Mask, Rows, State, StateColumn
from lapwing.states.columns import entries_of, lengths_and_data, order_of, owners, ranks, run_of, texts
from lapwing.states.dialects import dialect_of

Ints = npt.NDArray[np.int64]
VALUE = pa.struct([("value", pa.string()), ("at_least", pa.int64()), ("at_most", pa.int64())])


class Top(State):
    """`size` entries: lower, slack, and the value as text, the most frequent first."""

    kind = "top"
    columns = (
        StateColumn("n", "<i8"),
        StateColumn("absent", "<i8"),
        StateColumn("size", "<i8"),
        StateColumn("lower", "<i8", of="size"),
        StateColumn("slack", "<i8", of="size"),
        StateColumn("length", "<i8", of="size"),
        StateColumn("text", "|u1", of="length"),
    )

    def __init__(self, argument: Argument, k: int) -> None:
        self.argument = argument
        self.k = k
        self.kept = max(8 * k, 100)

    @property
    def detail(self) -> object:
        return self.kept

    @property
    def built(self) -> tuple[str, ...]:
        return ("n",)

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        return (engine.integer(f"COUNT({rows.counted(self.kind)})"),)

    def entries_sql(self, rows: Rows, dialect: str) -> EntriesSql | None:
        engine = dialect_of(dialect)
        text = engine.in_bytes(engine.canonical(rows.counted(self.kind), self.argument))
        return EntriesSql(text, ROW, engine.integer("COUNT(*)"), most=self.kept + 1)

    def from_entries(self, built: Columns, sizes: npt.NDArray[np.int64], keys: pa.Array, values: Array) -> Columns:
        owner = owners(sizes)
        order = np.lexsort((ranks(keys.cast(pa.large_binary())), -values, owner))
        values, keys = values[order], keys.take(pa.array(order))
        ends = np.cumsum(sizes)
        cut = sizes > self.kept
        absent = np.zeros(len(sizes), np.int64)
        absent[cut] = values[ends[cut] - 1]
        kept = np.ones(len(values), np.bool_)
        kept[ends[cut] - 1] = False
        length, text = lengths_and_data(keys.filter(pa.array(kept)))
        lower = values[kept]
        return {
            "n": built["n"],
            "absent": absent,
            "size": sizes - cut,
            "lower": lower,
            "slack": np.zeros(len(lower), np.int64),
            "length": length,
            "text": text,
        }

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        run = run_of(starts, len(columns["n"]))
        absent = np.add.reduceat(columns["absent"], starts)
        owner = owners(columns["size"])
        values = texts(columns["length"], columns["text"])
        rank = ranks(values)
        # Equal values of a run, side by side: counts add up, and so does what the states that lack one may have seen.
        code = run[owner] * (len(rank) + 1) + rank
        order = order_of(code)
        code = code[order]
        first = np.flatnonzero(np.concatenate((np.ones(min(1, len(code)), np.bool_), code[1:] != code[:-1])))
        lower, slack, seen = (
            np.add.reduceat(column[order], first) if len(first) else np.empty(0, np.int64)
            for column in (columns["lower"], columns["slack"], columns["absent"][owner])
        )
        of, place = run[owner][order][first], order[first]
        slack = slack + absent[of] - seen
        best = np.lexsort((rank[place], -lower, of))
        of, place, lower, slack = of[best], place[best], lower[best], slack[best]
        sizes = np.bincount(of, minlength=len(starts))
        position = np.arange(len(of)) - (np.cumsum(sizes) - sizes)[of]
        cut = position >= self.kept
        np.maximum.at(absent, of[cut], (lower + slack)[cut])
        length, text = lengths_and_data(values.take(pa.array(place[~cut])))
        return {
            "n": np.add.reduceat(columns["n"], starts),
            "absent": absent,
            "size": np.minimum(sizes, self.kept),
            "lower": lower[~cut],
            "slack": slack[~cut],
            "length": length,
            "text": text,
        }

    def final(self, columns: Columns) -> pa.Array:
        """list<struct<value, at_least, at_most>>: the k most frequent values, null where n = 0. One that may not belong
        there has an `at_least` below what a value left out can have."""
        sizes = np.minimum(columns["size"], self.k)
        first = np.cumsum(columns["size"]) - columns["size"]
        shown = np.repeat(first, sizes) + (np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes))
        length, lower = columns["length"][shown], columns["lower"][shown]
        values = texts(length, columns["text"][entries_of(columns["length"], shown)]).cast(pa.string())
        bounds = (pa.array(lower, pa.int64()), pa.array(lower + columns["slack"][shown], pa.int64()))
        offsets = pa.array(np.concatenate((np.zeros(1, np.int32), np.cumsum(sizes, dtype=np.int32))), pa.int32())
        entries = pa.StructArray.from_arrays([values, *bounds], fields=list(VALUE))
        lists = pa.ListArray.from_arrays(offsets, entries)
        return pc.if_else(pa.array(columns["n"] > 0), lists, pa.scalar(None, lists.type))

    def empty(self, length: int) -> dict[str, Array]:
        return {c.suffix: np.zeros(0 if c.of else length, c.dtype) for c in self.columns}

    def _same(self, one: Columns, other: Columns) -> Mask:
        """Those merged from other parts may know their counts otherwise: each value's bounds on both sides must meet. What
        a state lacks came up to `absent` times."""
        rows = len(one["n"])
        sides = (one, other)
        rank = ranks(pa.concat_arrays([texts(side["length"], side["text"]) for side in sides]))
        code = np.concatenate([owners(side["size"]) for side in sides]) * (len(rank) + 1) + rank
        every, place = np.unique(code, return_inverse=True)
        of = every // (len(rank) + 1)
        least, most = np.zeros(len(every), np.int64), np.full(len(every), np.iinfo(np.int64).max)
        for side, where in zip(sides, np.split(place, [len(one["lower"])]), strict=True):
            low, high = np.zeros(len(every), np.int64), side["absent"][of]
            low[where], high[where] = side["lower"], side["lower"] + side["slack"]
            least, most = np.maximum(least, low), np.minimum(most, high)
        apart = np.bincount(of[least > most], minlength=rows) > 0
        equal: Mask = (one["n"] == other["n"]) & ~apart
        return equal

    def bound(self) -> Bound | None:
        return Bound(0.0, hard=True, says="each value's count is between at_least and at_most")
