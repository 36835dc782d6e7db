"""A bucket that is not complete, compared with what is usually there at its age."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lapwing.alerts.ready.curve import Share


@dataclass(frozen=True, slots=True)
class Whole:
    """What a bucket is expected to be once complete; `lower` to `upper` is what lies within `width` robust standard
    deviations."""

    expected: float
    lower: float
    upper: float
    width: float


@dataclass(frozen=True, slots=True)
class SoFar:
    """`actual` against what is usual at its age, with as wide a range; `share` of the whole is usually there by then. `score`
    is signed, in robust standard deviations."""

    actual: float
    expected: float
    lower: float
    upper: float
    share: float
    score: float


def amounts(actual: float, whole: Whole, share: Share) -> SoFar | None:
    """Of what adds up: the share of what is expected. Its range has the noise of the smaller amount, and how differently
    buckets arrive; the two are independent, so their squares add up. None where nothing can be said."""
    if not (whole.expected > 0 and share.middle > 0):
        return None
    expected = whole.expected * share.middle
    return _ranged(
        actual, expected, whole, share.middle, tuple(one / share.middle for one in share.spread), share.middle
    )


def ratios(actual: float, whole: Whole, amount: Share, exposure: Share) -> SoFar | None:
    """Of a ratio: what usually stands above and below by then. Both parts' ways of arriving widen its range."""
    if not (whole.expected > 0 and amount.middle > 0 and exposure.middle > 0):
        return None
    (less, more), (fewer, greater) = amount.spread, exposure.spread
    down = math.hypot(less / amount.middle, greater / exposure.middle)
    up = math.hypot(more / amount.middle, fewer / exposure.middle)
    expected = whole.expected * amount.middle / exposure.middle
    return _ranged(actual, expected, whole, exposure.middle, (down, up), min(amount.middle, exposure.middle))


def _ranged(
    actual: float, expected: float, whole: Whole, part: float, spread: tuple[float, ...], share: float
) -> SoFar | None:
    """`part`: of the whole's evidence, whose noise is relative to its root; `spread`: relative standard deviations."""
    if not (math.isfinite(whole.lower) and math.isfinite(whole.upper) and math.isfinite(actual)):
        return None
    noise = [abs(side - whole.expected) / whole.expected / whole.width for side in (whole.lower, whole.upper)]
    down, up = (math.hypot(one / math.sqrt(min(part, 1.0)), more) for one, more in zip(noise, spread, strict=True))
    if not (down > 0 and up > 0):
        return None
    lower, upper = max(0.0, expected * (1 - whole.width * down)), expected * (1 + whole.width * up)
    difference = actual / expected - 1
    score = difference / (up if difference > 0 else down)
    return SoFar(actual, expected, lower, upper, share, score)
