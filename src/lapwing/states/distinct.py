"""How many different values: a HyperLogLog sketch of 2^p registers.

A register is kept as the least hash that came to it, MIN(h) GROUP BY the hash's first p bits: every engine can do that,
and the rank that HyperLogLog wants follows from it.
"""

from __future__ import annotations

import itertools
import math
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.states.argument import Argument
from lapwing.states.base import ROW, Array, Bound, Columns, EntriesSql, Rows, State, StateColumn
from lapwing.states.columns import entries_of, owners, run_of
from lapwing.states.dialects import dialect_of
from lapwing.states.hyperloglog import HASH_BITS, RANKS, estimate, folded, pack, ranks, unpack

PRECISION = 12


class Distinct(State):
    """Sparse: `size` pairs of register and rank. With more than a sixth of all registers set, `packed` bytes instead,
    four bits a register (in memory also a byte a register, which merges at once)."""

    kind = "distinct"
    counts: ClassVar[bool] = True
    columns = (
        StateColumn("n", "<i8"),
        StateColumn("size", "<i8"),
        StateColumn("packed", "<i8"),
        StateColumn("register", "<i8", of="size"),
        StateColumn("rank", "<i8", of="size"),
        StateColumn("bytes", "|u1", of="packed"),
    )

    def __init__(self, argument: Argument, p: int = PRECISION) -> None:
        self.argument = argument
        self.p = p

    @property
    def detail(self) -> object:
        return self.p

    @property
    def built(self) -> tuple[str, ...]:
        return ("n",)

    def sql(self, rows: Rows, dialect: str) -> tuple[str, ...]:
        engine = dialect_of(dialect)
        return (engine.integer(f"COUNT({rows.counted(self.kind)})"),)

    def entries_sql(self, rows: Rows, dialect: str) -> EntriesSql | None:
        engine = dialect_of(dialect)
        hashed = engine.hash60(engine.canonical(rows.counted(self.kind), self.argument))
        return EntriesSql(hashed, engine.shifted_right(ROW, HASH_BITS - self.p), f"MIN({ROW})")

    def from_entries(self, built: Columns, sizes: npt.NDArray[np.int64], keys: pa.Array, values: Array) -> Columns:
        return self._sparse(built["n"], sizes, np.asarray(keys).astype(np.int64), ranks(values, self.p))

    def merge(self, columns: Columns, starts: npt.NDArray[np.intp]) -> dict[str, Array]:
        n = np.add.reduceat(columns["n"], starts)
        run = run_of(starts, len(columns["n"]))
        code = run[owners(columns["size"])] << self.p | columns["register"]
        dense = np.flatnonzero(columns["packed"])
        if not len(dense):
            code, rank = _greatest(code, columns["rank"], len(starts) << self.p)
            sizes = np.bincount(code >> self.p, minlength=len(starts))
            return self._sparse(n, sizes, code & ((1 << self.p) - 1), rank)
        return self._merged_densely(columns, n, run, code, dense)

    def _merged_densely(
        self,
        columns: Columns,
        n: Array,
        run: npt.NDArray[np.int64],
        code: npt.NDArray[np.int64],
        dense: npt.NDArray[np.intp],
    ) -> dict[str, Array]:
        """Runs with a dense state become dense, with a byte a register."""
        m = 1 << self.p
        of, first = np.unique(run[dense], return_index=True)
        registers = _greatest_of_runs(self._registers(columns, dense), first)
        place = np.full(len(n), -1)
        place[of] = np.arange(len(of))
        there = place[code >> self.p]
        inside = there >= 0
        flat = registers.reshape(-1)
        np.maximum.at(flat, there[inside] << self.p | code[inside] & (m - 1), columns["rank"][inside].astype(np.uint8))
        code, rank = _greatest(code[~inside], columns["rank"][~inside], len(n) << self.p)
        merged = self._sparse(n, np.bincount(code >> self.p, minlength=len(n)), code & (m - 1), rank)
        merged["packed"][of] = m
        merged["bytes"] = flat
        return merged

    def compact(self, columns: Columns) -> Columns:
        m = 1 << self.p
        raw = columns["packed"] == m
        many = columns["size"] > m // 6
        if not (raw.any() or many.any()):
            return columns
        rows = np.flatnonzero(raw | many)
        packed = dict(zip(rows.tolist(), pack(self._registers(columns, rows)), strict=True))
        ends = np.cumsum(columns["packed"])
        for row in np.flatnonzero((columns["packed"] > 0) & ~raw).tolist():
            packed[row] = columns["bytes"][ends[row] - columns["packed"][row] : ends[row]]
        few = np.where(many, 0, columns["size"])
        kept = ~many[owners(columns["size"])]
        compact = self._sparse(columns["n"], few, columns["register"][kept], columns["rank"][kept])
        compact["packed"][list(packed)] = [len(form) for form in packed.values()]
        compact["bytes"] = np.concatenate([packed[row] for row in sorted(packed)])
        return compact

    def final(self, columns: Columns) -> pa.Array:
        """int64, never null: the nearest whole number."""
        states = len(columns["n"])
        counts = np.zeros((states, RANKS), np.int64)
        code = owners(columns["size"]) * RANKS + columns["rank"]
        counts += np.bincount(code, minlength=states * RANKS).reshape(states, RANKS)
        counts[:, 0] = (1 << self.p) - columns["size"]
        dense = np.flatnonzero(columns["packed"])
        if len(dense):
            registers = self._registers(columns, dense).astype(np.int64) + np.arange(len(dense))[:, None] * RANKS
            counts[dense] = np.bincount(registers.reshape(-1), minlength=len(dense) * RANKS).reshape(-1, RANKS)
        return pa.array(np.rint(estimate(counts, self.p)).astype(np.int64), pa.int64())

    def empty(self, length: int) -> dict[str, Array]:
        nothing = np.empty(0, np.int64)
        return self._sparse(np.zeros(length, np.int64), np.zeros(length, np.int64), nothing, nothing)

    def bound(self) -> Bound | None:
        one = 1.04 / math.sqrt(1 << self.p)
        return Bound(
            one, hard=False, says=f"within {one:.2%} two times in three, and practically never off by {3 * one:.1%}"
        )

    def fold(self, columns: Columns, p: int) -> dict[str, Array]:
        """The states as `Distinct` of a smaller p would have built them."""
        rows = np.flatnonzero(columns["packed"])
        registers = self._registers(columns, rows)
        which, register = np.nonzero(registers)
        owner = np.concatenate((owners(columns["size"]), rows[which]))
        every = (
            np.concatenate((columns["register"], register)),
            np.concatenate((columns["rank"], registers[which, register])),
        )
        register, rank = folded(every[0].astype(np.int64), every[1].astype(np.int64), self.p, p)
        code, rank = _greatest(owner << p | register, rank, len(columns["n"]) << p)
        sizes = np.bincount(code >> p, minlength=len(columns["n"]))
        return self._sparse(columns["n"], sizes, code & ((1 << p) - 1), rank)

    def _registers(self, columns: Columns, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
        """All registers of `rows`."""
        sizes = columns["packed"][rows]
        registers = np.zeros((len(rows), 1 << self.p), np.uint8)
        dense = sizes > 0
        if dense.any():
            ends = np.cumsum(columns["packed"])[rows[dense]]
            registers[dense] = unpack(ends, sizes[dense], columns["bytes"], self.p)
        entries = entries_of(columns["size"], rows)
        if len(entries):
            registers[owners(columns["size"][rows]), columns["register"][entries]] = columns["rank"][entries]
        return registers

    @staticmethod
    def _sparse(n: Array, sizes: Array, register: Array, rank: Array) -> dict[str, Array]:
        none, empty = np.zeros(len(n), np.int64), np.empty(0, np.uint8)
        return {"n": n, "size": sizes, "packed": none, "register": register, "rank": rank, "bytes": empty}


def _greatest_of_runs(registers: npt.NDArray[np.uint8], starts: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
    """The greatest of each run of rows."""
    if len(starts) * 8 > len(registers):
        found: npt.NDArray[np.uint8] = np.maximum.reduceat(registers, starts)
        return found
    borders = itertools.pairwise([*starts.tolist(), len(registers)])  # `reduce` of long runs is far faster
    return np.stack([np.maximum.reduce(registers[low:high]) for low, high in borders])


def _greatest(
    code: npt.NDArray[np.int64], rank: Array, codes: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The different codes in order, with the greatest rank of each."""
    if codes <= 4 * len(code):
        registers = np.zeros(codes, np.uint8)
        np.maximum.at(registers, code, rank.astype(np.uint8))
        found = np.flatnonzero(registers)
        return found, registers[found].astype(np.int64)
    both = np.sort(code * RANKS + rank)
    last = np.ones(len(both), np.bool_)
    np.not_equal(both[1:] // RANKS, both[:-1] // RANKS, out=last[:-1])
    return both[last] // RANKS, both[last] % RANKS
