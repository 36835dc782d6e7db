"""Wide integers in numpy: arrays of 32-bit limbs, and what exact sums are turned into.

A number is a list of int64 arrays, the most significant first. All but the first are in [0, 2^32) once carried; the
first is signed. So each sum has one form, whichever way its rows were split.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lapwing.model.problem import Refused

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]
Limbs = Sequence[Integers]

BITS = 32
MASK = (1 << BITS) - 1
_EXACT = 1 << 53  # integers up to here are doubles
_NINE_DIGITS = 9


def carry(limbs: Limbs) -> list[Integers]:
    """The same numbers with every limb but the first in [0, 2^32)."""
    carried: list[Integers] = []
    over: Integers | int = 0
    for limb in reversed(limbs[1:]):
        total = limb + over
        carried.append(total & MASK)
        over = total >> BITS
    return [limbs[0] + over, *reversed(carried)]


def add_runs(limbs: Limbs, rows: Integers, starts: npt.NDArray[np.intp]) -> list[Integers]:
    """The sum of each run of numbers (see `State.merge`), carried. `rows` is how many inputs each number stands for.

    Raises:
        Refused: the first limb would not hold it.
    """
    top = limbs[0]
    # One input adds less than 2^32 to the first limb, so only huge numbers of rows need the look.
    if int(rows.sum()) >= 1 << 30 and np.abs(np.add.reduceat(top.astype(np.float64), starts)).max() >= 2.0**62:
        raise too_large()
    return carry([np.add.reduceat(limb, starts) for limb in limbs])


def too_large() -> Exception:
    return Refused.of(
        "sum-too-large", "The sum has more than 38 digits.", hint="Sum a float or a scaled value instead."
    )


def to_integers(limbs: Limbs) -> list[int]:
    """Python's integers, one by one."""
    values = [int(limb) for limb in limbs[0]]
    for limb in limbs[1:]:
        values = [(value << BITS) + int(low) for value, low in zip(values, limb, strict=True)]
    return values


def widen(limbs: Limbs, count: int) -> list[Integers]:
    """The same numbers as at least `count` limbs."""
    top, rest = limbs[0], list(limbs[1:])
    while len(rest) + 1 < count:
        rest.insert(0, top & MASK)
        top = top >> BITS
    return [top, *rest]


def to_int64(limbs: Limbs) -> Integers | None:
    """The numbers as int64, None where one of them does not fit. `limbs` are carried."""
    if len(limbs) == 1:
        return limbs[0]
    *upper, second, low = widen(limbs, 3)
    sign = -(second >> 31)  # a number that fits repeats its sign in all upper limbs
    fits = (upper[0] == sign).all() and all((limb == (sign & MASK)).all() for limb in upper[1:])
    return (second << BITS) | low if fits else None


def to_decimal(limbs: Limbs, present: npt.NDArray[np.bool_], scale: int) -> pa.Array:
    """decimal128(38, scale) of the unscaled numbers, null where not `present`. `limbs` are at most 4, carried.

    Raises:
        Refused: one has more than 38 digits.
    """
    narrow = to_int64(limbs)
    if narrow is not None:
        high, low = narrow >> 63, narrow
    else:
        top, *others = widen(limbs, 4)
        if ((top >= 1 << 31) | (top < -(1 << 31))).any():
            raise too_large()
        high, low = (top << BITS) | others[0], (others[1] << BITS) | others[2]
        _check_digits(high, low.view(np.uint64))
    words = np.column_stack((low, high))
    validity = np.packbits(present, bitorder="little").tobytes()
    buffers = [pa.py_buffer(validity), pa.py_buffer(words.tobytes())]
    return pa.Array.from_buffers(pa.decimal128(38, scale), len(present), buffers)


def _check_digits(high: Integers, low: Words) -> None:
    limit_high, limit_low = divmod(10**38, 1 << 64)
    over = (high > limit_high) | ((high == limit_high) & (low >= limit_low))
    low_limit_high, low_limit_low = divmod(-(10**38), 1 << 64)
    under = (high < low_limit_high) | ((high == low_limit_high) & (low <= low_limit_low))
    if (over | under).any():
        raise too_large()


def ratio(limbs: Limbs, divisor: Integers, digits: int = 0, exponent: int = 0) -> Doubles:
    """number * 2^exponent / (divisor * 10^digits), correctly rounded. `divisor` >= 1; the result is a normal double or 0."""
    narrow = to_int64(limbs)
    scale = 10**digits
    if exponent == 0 and narrow is not None and _small(narrow, _EXACT) and _small(divisor, _EXACT // scale):
        quotient: Doubles = narrow.astype(np.float64) / (divisor * scale).astype(np.float64)
        return quotient
    if not _small(divisor, 1 << BITS):
        bottom = [int(d) * scale for d in divisor]
        unit = Fraction(2) ** exponent
        exact = [float(Fraction(top, low) * unit) for top, low in zip(to_integers(limbs), bottom, strict=True)]
        return np.array(exact, np.float64)
    negative, magnitude = _magnitude(limbs)
    divisors: list[Words | np.uint64] = [divisor.astype(np.uint64)]
    divisors += [np.uint64(10 ** min(_NINE_DIGITS, digits - done)) for done in range(0, digits, _NINE_DIGITS)]
    # Enough limbs under the point that 65 bits or more of the smallest quotient are kept.
    extra = len(divisors) + 3
    magnitude += [np.zeros_like(magnitude[0])] * extra
    sticky = np.zeros(len(divisor), np.bool_)
    for by in divisors:
        remainder = np.zeros_like(magnitude[0])
        for index, limb in enumerate(magnitude):
            magnitude[index], remainder = np.divmod((remainder << np.uint64(BITS)) | limb, by)
        sticky |= remainder != 0
    return _round(negative, magnitude, sticky, exponent - BITS * extra)


def to_double(limbs: Limbs, exponent: int = 0) -> Doubles:
    """number * 2^exponent, correctly rounded; the result is a normal double, 0 or infinite. `limbs` are carried."""
    negative, magnitude = _magnitude(limbs)
    return _round(negative, magnitude, np.zeros(len(negative), np.bool_), exponent)


def _small(values: Integers, limit: int) -> bool:
    return not len(values) or (int(values.max()) < limit and int(values.min()) > -limit)


def _magnitude(limbs: Limbs) -> tuple[npt.NDArray[np.bool_], list[Words]]:
    """Which are negative, and the absolute values as unsigned limbs, each below 2^32."""
    wide = widen(limbs, len(limbs) + 2)
    negative = wide[0] < 0
    sign = np.where(negative, -1, 1)
    positive = carry([limb * sign for limb in wide])
    return negative, [limb.astype(np.uint64) for limb in positive]


def _round(
    negative: npt.NDArray[np.bool_], magnitude: Sequence[Words], sticky: npt.NDArray[np.bool_], exponent: int
) -> Doubles:
    """The nearest double. The leading 64 bits go through the processor's own rounding, the last of them set when any
    bit below is (`sticky`: also bits below the last limb), so that ties are only what really are ties."""
    stacked = np.stack([np.zeros_like(magnitude[0]), *magnitude, *[np.zeros_like(magnitude[0])] * 2])
    rows = np.arange(stacked.shape[1])
    lead = np.argmax(stacked != 0, axis=0)  # 0 where the number is 0
    lead = np.minimum(lead, len(magnitude))
    first, second, third = stacked[lead, rows], stacked[lead + 1, rows], stacked[lead + 2, rows]
    length = np.frexp(first.astype(np.float64))[1]
    shift = (BITS - length).astype(np.uint64)
    top = (((first << np.uint64(BITS)) | second) << shift) | (third >> (np.uint64(BITS) - shift))
    lost = third & ((np.uint64(1) << (np.uint64(BITS) - shift)) - np.uint64(1))
    positions = np.arange(stacked.shape[0])[:, None]
    below = sticky | (lost != 0) | ((stacked != 0) & (positions > lead + 2)).any(axis=0)
    limbs_under = len(magnitude) - lead - 1  # of the second word
    power = exponent + BITS * limbs_under - shift.astype(np.int64)
    rounded = np.ldexp((top | below).astype(np.float64), power.astype(np.int32))
    signed: Doubles = np.where(negative, -rounded, rounded)
    return signed
