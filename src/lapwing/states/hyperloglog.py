"""HyperLogLog registers over whole arrays: ranks, the packed form, and the estimator.

Flajolet et al., "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm" (2007); the estimator is
the improved raw one of Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), section 4.

A hash has 60 bits. The first p choose a register; a register keeps the greatest rank: 1 and the number of zeros that
the other bits begin with, so 0 (nothing came) to 61 - p.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

HASH_BITS: Final = 60
RANKS: Final = 64
"""More than any rank, so that (register, rank) fits in one number."""
_EXCEPTION: Final = 15

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]


def ranks(least: npt.NDArray[Any], p: int) -> Ints:
    """The rank of the least hash of each register; it has more leading zeros than all others of its register."""
    rest = (least & ((1 << (HASH_BITS - p)) - 1)).astype(np.float64)  # exact below 2^53
    found: Ints = (HASH_BITS - p + 1 - np.frexp(rest)[1]).astype(np.int64)
    return found


def pack(registers: Bytes) -> list[Bytes]:
    """Each row of all 2^p registers as four bits a register above the row's least one; those that do not fit follow, three
    bytes each (number, rank)."""
    base = registers.min(axis=1, initial=RANKS)
    above = registers - base[:, None]
    nibbles = np.minimum(above, _EXCEPTION)
    halves = nibbles[:, 0::2] | nibbles[:, 1::2] << 4
    packed: list[Bytes] = []
    for row in range(len(registers)):
        far = np.flatnonzero(above[row] >= _EXCEPTION)
        tail = np.empty((len(far), 3), np.uint8)
        tail[:, 0], tail[:, 1], tail[:, 2] = far & 255, far >> 8, registers[row, far]
        packed.append(np.concatenate((base[row : row + 1], halves[row], tail.reshape(-1))))
    return packed


def unpack(ends: Ints, sizes: Ints, data: Bytes, p: int) -> Bytes:
    """All registers, a row for each packed form, which is the `sizes[i]` bytes before `ends[i]`; forms of exactly 2^p bytes
    are registers as they are."""
    m = 1 << p
    narrow, wide = np.flatnonzero(sizes != m), np.flatnonzero(sizes == m)
    registers = np.empty((len(sizes), m), np.uint8)
    # Slices one by one: gathering by an index a byte takes ten times as long.
    for row in wide.tolist():
        registers[row] = data[ends[row] - m : ends[row]]
    width = m // 2 + 1
    cells = np.empty((len(narrow), width), np.uint8)
    starts = (ends - sizes)[narrow].tolist()
    for place, start in enumerate(starts):
        cells[place] = data[start : start + width]
    opened = registers if not len(wide) else np.empty((len(narrow), m), np.uint8)
    opened[:, 0::2], opened[:, 1::2] = cells[:, 1:] & 15, cells[:, 1:] >> 4
    opened += cells[:, :1]
    for place in np.flatnonzero(sizes[narrow] > width).tolist():
        tail = data[starts[place] + width : ends[narrow[place]]].reshape(-1, 3)
        opened[place, tail[:, 0].astype(np.int64) | tail[:, 1].astype(np.int64) << 8] = tail[:, 2]
    if len(wide):
        registers[narrow] = opened
    return registers


def estimate(counts: Ints, p: int) -> Doubles:
    """How many different hashes came. `counts[i, k]` is how many registers of state i have rank k."""
    m, last = float(1 << p), HASH_BITS - p
    share = counts.astype(np.float64) / m
    z = m * _tau(1.0 - share[:, last + 1])
    for rank in range(last, 0, -1):
        z = 0.5 * (z + counts[:, rank])
    z += m * _sigma(share[:, 0])
    with np.errstate(divide="ignore"):
        found: Doubles = m * m / (2 * np.log(2)) / z
    return found


def _sigma(x: Doubles) -> Doubles:
    """x + the sum of x^(2^k) 2^(k-1); infinite for 1, where no register is set."""
    y, z = 1.0, x.copy()
    power = np.where(x < 1.0, x, 0.0)
    while True:
        power = power * power
        before, z = z, z + power * y
        y += y
        if np.array_equal(before, z):
            return np.where(x < 1.0, z, np.inf)


def _tau(x: Doubles) -> Doubles:
    inside = (x > 0.0) & (x < 1.0)
    root, y = np.where(inside, x, 0.25), 1.0
    z = 1.0 - root
    while True:
        root = np.sqrt(root)
        y *= 0.5
        before, z = z, z - (1.0 - root) ** 2 * y
        if np.array_equal(before, z):
            return np.where(inside, z / 3.0, 0.0)


def folded(register: Ints, rank: Ints, p: int, smaller: int) -> tuple[Ints, Ints]:
    """The registers and ranks as 2^`smaller` registers would have them: the bits between become the first of the rest."""
    bits = p - smaller
    between = register & ((1 << bits) - 1)
    leading = bits - np.frexp(between.astype(np.float64))[1] + 1
    return register >> bits, np.where(between > 0, leading, rank + bits)
