"""A request cut to a part of its time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lapwing.cache.request import StateRequest
from lapwing.cache.times import Stretches, holds

Places = npt.NDArray[np.int64]


def cut(request: StateRequest, stretches: Stretches) -> tuple[StateRequest, Places | None]:
    """The request for the time of `stretches` alone, which lie inside the asked time, and for each of its buckets the
    number of the asked bucket that it is a part of: -1 for a gap between stretches. None: they are the asked ones."""
    edges = request.edges
    if len(stretches) == 1 and stretches[0, 0] == edges[0] and stretches[0, 1] == edges[-1]:
        return request, None
    inside = edges[(edges > stretches[0, 0]) & (edges < stretches[-1, 1])]
    borders = np.unique(np.concatenate((stretches.ravel(), inside)))
    starts = borders[:-1]
    bucket = np.searchsorted(edges, starts, side="right") - 1
    places = np.where(holds(stretches, starts), bucket, -1).astype(np.int64)
    # A gap of many buckets is one: nothing in it is asked.
    gap = places < 0
    if gap.any():
        keep = ~(gap & np.concatenate((np.zeros(1, np.bool_), gap[:-1])))
        borders, places = np.append(starts[keep], borders[-1]), places[keep]
    return replace(request, edges=borders), places
