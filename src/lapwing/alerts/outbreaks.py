"""Outbreaks: stretches of unusual buckets, which a few usual ones do not end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools


def began(loud: Bools, judged: npt.NDArray[np.intp], quiet: int) -> npt.NDArray[np.intp]:
    """(T,): where the outbreak began that each judged bucket is in; the bucket itself where it is in none. Causal.

    Args:
        loud: (T,), the unusual buckets. judged: indexes of those that were judged, rising.
        quiet: as many judged buckets in a row that are not loud end an outbreak.
    """
    out = np.arange(len(loud))
    place, loudly = np.arange(len(judged)), loud[judged]
    latest = np.maximum.accumulate(np.where(loudly, place, -quiet - 1))
    before = np.concatenate([[-quiet - 1], latest])[: len(judged)]
    first = np.maximum.accumulate(np.where(loudly & (place - before > quiet), place, 0))
    out[judged] = judged[np.where(loudly | (place - latest < quiet), first, place)]
    return out
