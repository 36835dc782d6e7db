"""Incidents: from unusual buckets to something with a life, told once.

An incident opens when the evidence up to a bucket is significant AND its difference is large enough, in the direction
that hurts. It is then updated silently:
"grew" is told only when the difference passes the last told one by half. It closes after enough quiet buckets in a row,
where quiet is well inside the range (hysteresis), and a new outbreak soon after is the same incident again. One that
comes back for the third time within a day is told once more, as flapping, and then stays open until it was quiet for a day.
What is opposite to a lasting incident that has just ended, and not clearly larger, is the way back and no incident.
That of a series which ended is over with it (`ended`); where the series comes back while it is still missed, it goes on.
Every step carries the moment at which people could know it: the end of its bucket, and the time its data needs to be complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lapwing.alerts.bar import Bar, Evidence, Needed, Opening
from lapwing.alerts.chance import Bools, Floats, Kind
from lapwing.alerts.detect import Detection
from lapwing.alerts.ended import Ends
from lapwing.alerts.episode import Episode, Rules
from lapwing.alerts.evidence import evidence
from lapwing.alerts.many import among
from lapwing.alerts.ways import Hurting, Way, found

YOUNG = 2
"""Longest windows of evidence that a series must have seen to tell how often it is unusual."""


def learned_minimum(expected: Floats, ready: Bools, kind: Kind, exposure: Floats | None = None) -> Floats:
    """The smallest |actual - expected| worth telling, for each bucket: a tenth of what was usual so far; of counts and
    shares three events, too. Causal: the usual is the mean of what was expected up to the bucket. Arrays are (S, T)."""
    seen = np.where(ready, np.abs(expected), 0.0)
    usual = np.cumsum(seen, axis=1) / np.maximum(np.cumsum(ready, axis=1), 1)
    smallest = 0.1 * usual
    if kind is Kind.COUNT:
        return np.maximum(smallest, 3.0)
    if kind is Kind.SHARE and exposure is not None:
        with np.errstate(divide="ignore"):
            return np.maximum(smallest, np.where(exposure > 0, 3.0 / exposure, np.inf))
    return smallest


Episodes = tuple[tuple[Episode, ...], ...]
"""By series, each by the time they were told."""


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """What was found when fewer buckets were known. `since` (S,): of each series, the buckets that are as they were then."""

    episodes: Episodes
    since: npt.NDArray[np.intp]


def episodes(
    actual: Floats,
    detection: Detection,
    minimum: Floats,
    rules: Rules,
    cuts: Mapping[int, tuple[int, ...]] | None = None,
    before: Before | None = None,
    many: Floats | None = None,
    bar: Bar | None = None,
    ends: Ends | None = None,
) -> Episodes:
    """The incidents of each series (rows of the arrays). `cuts`: by row, buckets before which an incident ends, whatever it
    was: what comes then is measured against another normal. `before`: what was found of the first buckets already, so that
    only the others are looked at. `many` (S, T): among how many series each bucket's evidence is one's, nan where something
    else explains it. `bar`: how much evidence opens one, where the threshold alone does not decide. `ends` tells which series
    ended."""
    directions = rules.directions
    every = []
    lazy = before is not None and before.since.any() and (bar is None or not bar.shares)
    shown = None if lazy else _shown(detection, rules, many)
    needed = None if bar is None else _needed(bar, shown, actual, detection, minimum, rules, directions)
    for row in range(len(actual)):
        known, since = ((), 0) if before is None else (before.episodes[row], int(before.since[row]))
        borders = (0, *(cuts or {}).get(row, ()), actual.shape[1])
        of_row: list[Episode] = []
        for first, stop in pairwise(borders):
            there = [one.later(-first) for one in known if first <= one.opened < min(stop, since)]
            if stop <= since and stop < actual.shape[1]:
                of_row += [one.later(first) for one in there]
                continue
            part = np.s_[row, first:stop]
            own, difference = detection.score[part], actual[part] - detection.expected[part]
            alone = None if detection.alone is None else detection.alone[part]
            # Evidence of before a cut says nothing about what comes after it.
            gathered = None if shown is None or first else shown[part]
            of = None if many is None else many[part]
            ways = []
            for direction in directions:
                hurts = Hurting(
                    own * direction,
                    None if gathered is None else gathered * direction,
                    difference * direction,
                    minimum[part],
                    alone,
                    rules,
                    of,
                    rules.threshold if needed is None else needed(row, direction)[first:stop],
                    None if ends is None else partial(_part_of, ends, row, slice(first, stop)),
                )
                so_far = [one for one in there if one.direction == direction]
                ways.append(Way(hurts, direction, rules, so_far, since - first))
            of_row += [one.later(first) for one in found(ways)]
        every.append(tuple(sorted(of_row, key=lambda episode: episode.opened)))
    return tuple(every)


def _part_of(ends: Ends, row: int, part: slice) -> Bools | None:
    over = ends.of(row)
    return None if over is None else over[part]


def _shown(detection: Detection, rules: Rules, many: Floats | None) -> Floats:
    if many is None:
        return evidence(detection.score, rules.gathering, detection.alone)
    return among(evidence(detection.score, rules.gathering, detection.alone, np.isnan(many)), many)


def _needed(
    bar: Bar,
    shown: Floats | None,
    actual: Floats,
    detection: Detection,
    minimum: Floats,
    rules: Rules,
    directions: tuple[int, ...],
) -> Needed:
    found = None if shown is None else Evidence(shown, detection.score, actual - detection.expected, minimum)
    young = YOUNG * max(rules.gathering.windows)
    return bar.needed(found, Opening(rules.threshold, directions, rules.rejoin, young))
