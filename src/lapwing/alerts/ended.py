"""Series that ended: a campaign that was switched off is news once, and not until nothing is what one expects of it.

An end and an outage begin alike. It is an end when nothing at all came for longer than ever before and for a good part of the
series' life, while the others of its kind go on. Whoever lived long may be away for long: that what is there now stays for a
time like the one it was there is all that one knows of a thing without knowing others (Gott 1993, "Implications of the
Copernican principle for our future prospects"). The whole never ends, nor does what stops together with the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats

LEAST_DAYS = 3
"""Days (longer buckets) of nothing that an end takes at least: a weekend is two."""
OF_LIFE = 0.1
"""...and the share of how long it lived: one in eleven ends of such a life, taken at any time of it, comes so soon."""
GOES_ON = 0.5
"""The share of what the others came to before that they still come to."""
BEFORE_DAYS = 7
"""Over so many days before it stopped, or as long as nothing came: all days of the week are in them."""


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """`volume` (S, T): how much there was of each series: rows, or what else its number is of; nan where that is not known yet.
    `parent` (S,): the row of what it is a part of, -1 for none. `day`: buckets a day, 1 for longer ones."""

    volume: Floats
    parent: npt.NDArray[np.intp]
    day: float

    def of(self, row: int) -> Bools | None:
        """(T,): the buckets from the one on by which a series had ended, until there is something again. What is said of a
        bucket follows from those up to it. None: it can't end."""
        if self.parent[row] < 0:
            return None
        return ended(self.volume[row], self.volume[self.parent[row]], self.day)


def ended(volume: Floats, whole: Floats, day: float = 1.0) -> Bools:
    """See `Ends`; `whole` (T,) is what the series is a part of.

    >>> volume = np.repeat([5.0, 0.0, 5.0], (20, 5, 2))
    >>> ended(volume, volume + 10.0).nonzero()[0].tolist()
    [22, 23, 24]
    """
    out = np.zeros(len(volume), bool)
    there = np.flatnonzero(volume > 0)
    if not len(there):
        return out
    born = int(there[0])
    first, last = there + 1, np.append(there[1:], len(volume))  # stretches of nothing, most of them empty
    length = last - first
    longest = np.maximum.accumulate(np.append(0, length[:-1]))
    enough = np.maximum(LEAST_DAYS * day, np.maximum(OF_LIFE * (first - born), longest + 1))
    others = np.append(0.0, np.cumsum(np.nan_to_num(np.maximum(whole - volume, 0.0))))
    known = np.isfinite(volume)
    for place in np.flatnonzero(length >= enough):
        start, stop = int(first[place]), int(last[place])
        at = np.arange(start + int(np.ceil(enough[place])) - 1, stop)
        at = at[known[start : at[-1] + 1].cumprod().astype(bool)[at - start]]
        back = np.minimum(np.maximum(at + 1 - start, round(BEFORE_DAYS * day)), start - born)
        now = (others[at + 1] - others[start]) / (at + 1 - start)
        before = (others[start] - others[start - back]) / back
        said = np.flatnonzero((now > 0) & (now >= GOES_ON * before))
        if len(said):
            out[at[said[0]] : at[-1] + 1] = True
    return out
