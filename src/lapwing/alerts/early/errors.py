"""How wrong outlooks were: the spread of past errors, so that what is said of the future is as sure as the past was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Floats

_NORMAL = 1.2533
"""A normal's standard deviation by its mean absolute error."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """(S, T) each: by how much an outlook made after each bucket was usually too low (a share of it), how far its errors
    strayed about that, and how many degrees of freedom that rests on; nan and 0 where nothing is known."""

    bias: Floats
    scale: Floats
    freedom: Floats


def spread(errors: Floats, horizon: npt.NDArray[np.int64]) -> Spread:
    """The spread of relative errors (S, T, H) of outlooks so many buckets ahead (1 is the first), by what was known then.

    Args:
        errors: of outlooks made after bucket t for t + 1 to t + h, nan where not known.
        horizon: (T,), how far ahead is asked at each bucket; 0 for not at all.
    """
    series, buckets, ahead = errors.shape
    known = np.isfinite(errors)
    filled = np.where(known, errors, 0.0)
    size, total, count = (np.cumsum(part, axis=1) for part in (np.abs(filled), filled, known.astype(np.float64)))
    at = np.arange(buckets) - horizon  # the last outlook whose end is known by now
    asked = (horizon >= 1) & (horizon <= ahead) & (at >= 0)
    rows, column = np.where(asked, at, 0), np.clip(horizon - 1, 0, ahead - 1)
    size, total, count = (np.where(asked, part[:, rows, column], 0.0) for part in (size, total, count))
    # Outlooks of neighbouring buckets err alike: only stretches beside each other are independent.
    freedom = count / np.maximum(horizon, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        bias = total / count * (freedom / (freedom + 4))
        strayed = np.maximum(np.square(_NORMAL * size / count) - np.square(bias), np.square(0.5 * size / count))
        scale = np.sqrt(strayed * (1 + 1 / np.maximum(freedom, 1)))
    return Spread(bias, scale, np.broadcast_to(freedom, (series, buckets)))


def spread_ahead(errors: Floats, at: int, most: int) -> Spread:
    """The same, known after one bucket, of outlooks 1 to `most` buckets ahead: (S, most) each."""
    found = [spread(errors[:, : at + 1, :], np.where(np.arange(at + 1) == at, step, 0)) for step in range(1, most + 1)]
    columns = [np.stack([getattr(one, name)[:, at] for one in found], axis=1) for name in ("bias", "scale", "freedom")]
    return Spread(*columns)
