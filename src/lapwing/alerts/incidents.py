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

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lapwing.alerts.bar import OPENS, Bar, Evidence, Needed, Opening
from lapwing.alerts.chance import Bools, Floats, Kind
from lapwing.alerts.detect import Detection
from lapwing.alerts.ended import Ends
from lapwing.alerts.evidence import Gathering, evidence
from lapwing.alerts.many import among
from lapwing.alerts.outbreaks import began
from lapwing.alerts.record import ENDINGS, OPENINGS

GREW = 1.5
"""How much larger than the last told difference a new one must be to be told."""
HYSTERESIS = 0.5
"""The share of the opening score below which a bucket's own counts as quiet, however much has built up before it."""
YOUNG = 2
"""Longest windows of evidence that a series must have seen to tell how often it is unusual."""
FLAPS = 3
"""How many openings within a day (`Rules.calm`) are flapping: twice is a relapse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """`threshold` in robust standard deviations. `direction`: 1 raises only what is above its range, -1 what is below,
    0 both. `quiet`: judged buckets inside the range that close an incident. `rejoin`: buckets after the close within which
    a new outbreak is the same incident, and one of the other direction the way back, if it had lasted as long. `calm`: buckets
    within which several openings are flapping, and which must be quiet to close an incident that does; 0: nothing flaps.
    `gathering`: how evidence comes together."""

    threshold: float
    direction: int
    quiet: int
    rejoin: int
    calm: int = 0
    gathering: Gathering = field(default_factory=Gathering)

    @property
    def directions(self) -> tuple[int, ...]:
        """Those that are raised."""
        return (1, -1) if self.direction == 0 else (self.direction,)


@dataclass(frozen=True, slots=True)
class Step:
    """One told event: `bucket` is the index of the bucket it was seen in."""

    kind: str
    bucket: int

    @property
    def told(self) -> bool:
        """It said how far the value was from what was expected."""
        return self.kind not in ENDINGS


@dataclass(frozen=True, slots=True)
class Episode:
    """An incident of one series, in bucket indexes. `first` is where it began (before it could be told), `loud` are the
    buckets outside the quiet range since it was told, `resolved` is the bucket that closed it, None while it is open."""

    direction: int
    first: int
    loud: tuple[int, ...]
    resolved: int | None
    steps: tuple[Step, ...]

    @property
    def opened(self) -> int:
        return self.steps[0].bucket

    @property
    def last(self) -> int:
        """The last bucket that its numbers count."""
        return self.loud[-1]

    def until(self, buckets: int) -> Episode | None:
        """The incident as it was known when only the first `buckets` buckets were; None before it was told."""
        steps = tuple(step for step in self.steps if step.bucket < buckets)
        if not steps:
            return None
        ended = steps[-1].bucket if steps[-1].kind in ENDINGS else None
        return replace(self, loud=tuple(at for at in self.loud if at < buckets), resolved=ended, steps=steps)


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
    found = []
    lazy = before is not None and before.since.any() and (bar is None or not bar.shares)
    shown = None if lazy else _shown(detection, rules, many)
    needed = None if bar is None else _needed(bar, shown, actual, detection, minimum, rules, directions)
    for row in range(len(actual)):
        known, since = ((), 0) if before is None else (before.episodes[row], int(before.since[row]))
        borders = (0, *(cuts or {}).get(row, ()), actual.shape[1])
        of_row: list[Episode] = []
        for first, stop in pairwise(borders):
            there = [_later(one, -first) for one in known if first <= one.opened < min(stop, since)]
            if stop <= since and stop < actual.shape[1]:
                of_row += [_later(one, first) for one in there]
                continue
            part = np.s_[row, first:stop]
            own, difference = detection.score[part], actual[part] - detection.expected[part]
            alone = None if detection.alone is None else detection.alone[part]
            # Evidence of before a cut says nothing about what comes after it.
            gathered = None if shown is None or first else shown[part]
            of = None if many is None else many[part]
            ways = []
            for direction in directions:
                hurts = _Hurting(
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
                ways.append(_Way(hurts, direction, rules, so_far, since - first))
            of_row += [_later(one, first) for one in _found(ways)]
        found.append(tuple(sorted(of_row, key=lambda episode: episode.opened)))
    return tuple(found)


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


def _later(episode: Episode, by: int) -> Episode:
    """The same so many buckets later."""
    if not by:
        return episode
    return replace(
        episode,
        first=episode.first + by,
        loud=tuple(at + by for at in episode.loud),
        resolved=None if episode.resolved is None else episode.resolved + by,
        steps=tuple(replace(step, bucket=step.bucket + by) for step in episode.steps),
    )


def _two(mask: Bools | None) -> Bools | None:
    """One series as one of several."""
    return None if mask is None else mask[None]


@dataclass(slots=True, eq=False)
class _Hurting:
    """One series, (T,) each: the buckets' own scores, evidence (None: not looked at yet), differences, positive where it
    hurts, the smallest difference worth telling, the buckets that count for themselves only, among how many series it is one,
    the evidence that opens an incident, how to learn by which buckets it had ended (None: it can't), and the buckets that
    were told."""

    own: Floats
    evidence: Floats | None
    difference: Floats
    minimum: Floats
    alone: Bools | None
    rules: Rules
    many: Floats | None
    needed: float | Floats
    ends: Callable[[], Bools | None] | None = None
    told: Bools = field(init=False)
    _over: Bools | None = None

    def __post_init__(self) -> None:
        self.told = np.zeros(self.own.shape, bool) if self.many is None else np.isnan(self.many)

    def hot(self, since: int) -> Bools:
        """Buckets that open an incident, of those from `since` on. Evidence is looked at only where there could be one."""
        hot: Bools = (self.own >= OPENS) & (self.difference >= self.minimum)
        hot[: max(since, 0)] = False
        if not hot.any():
            return hot
        hot &= ~self.over  # of what ended nothing is expected
        if self.evidence is None:
            told = self.told[None] if self.told.any() else None
            found = evidence(self.own[None], self.rules.gathering, _two(self.alone), told)[0]
            self.evidence = found if self.many is None else among(found, self.many)
        return hot & (self.evidence >= self.needed)

    def loud(self) -> Bools:
        """Buckets that keep it open."""
        loud: Bools = self.own >= self.rules.threshold * HYSTERESIS
        return loud

    @property
    def over(self) -> Bools:
        """Buckets by which it had ended. Asked only where there may be an incident."""
        if self._over is None:
            found = None if self.ends is None else self.ends()
            self._over = np.zeros(self.own.shape, bool) if found is None else found
            self.told |= self._over
        return self._over

    def back(self, episode: Episode) -> int | None:
        """When a series is back that had ended, and is missed up to then: it was an outage."""
        if episode.steps[-1].kind != "ended":
            return None
        there = np.flatnonzero(~self.over[episode.steps[-1].bucket :])
        at = episode.steps[-1].bucket + int(there[0]) if len(there) else None
        return at if at is not None and np.isfinite(self.own[at]) and self.loud()[at - 1] else None

    def tell(self, first: int, last: int) -> None:
        """What was told is no evidence of anything new."""
        self.told[first : last + 1] = True
        self.evidence = None


class _Way:
    """The incidents of one series in one direction, as they are found; `known` are those of before the bucket `since`, as they
    were found then."""

    def __init__(
        self, series: _Hurting, direction: int, rules: Rules, known: list[Episode] | None = None, since: int = 0
    ) -> None:
        self.found = [one for episode in known or () if (one := episode.until(since)) is not None]
        self._series, self._direction, self._rules, self._since = series, direction, rules, since
        self._loud = series.loud()
        self._judged = np.flatnonzero(np.isfinite(series.own))
        self._began = began(self._loud, self._judged, rules.quiet)
        self._after = 0
        for one in self.found:
            ended = [step.bucket for step in one.steps if step.kind in ENDINGS]
            if ended:
                series.tell(one.first, ended[-1])
                self._after = ended[-1] + 1
        if self.found and self.found[-1].resolved is None:
            self._follow(self.found.pop(), since)

    def opening(self, now: int, opposite: Iterable[tuple[int, float]]) -> int | None:
        """The next bucket, of those from `now` on, that opens one. `opposite`: of each incident of the other direction that is
        over, the bucket that closed it, and how large it was."""
        if self.found and self.found[-1].resolved is None:
            return None
        if (back := self._back()) is not None:
            return back
        since = max(self._since, now)
        hot = self._series.hot(max(self._after, since))
        if not hot.any():
            return None
        over = [(closed, GREW * size) for closed, size in opposite]
        openings = np.flatnonzero(self._series.hot(self._after) if over else hot).tolist()
        return next((at for at in openings if not self._way_back(at, over) and at >= since), None)

    def _way_back(self, at: int, over: list[tuple[int, float]]) -> bool:
        """Whether a bucket is the end of what is over, which is over only then."""
        for place, (closed, clear) in enumerate(over):
            soon = closed < at and self._began[at] - closed <= self._rules.rejoin
            if soon and self._series.difference[at] <= clear:
                over[place] = at, clear
                return True
        return False

    def _back(self) -> int | None:
        return self._series.back(self.found[-1]) if self.found else None

    def open(self, opened: int) -> None:
        """Opens one, or the last one again, and follows it to its end."""
        if opened == self._back():
            away = self.found.pop()
            gone = away.steps[-1].bucket
            missed = (gone + np.flatnonzero(self._loud[gone:opened])).tolist()
            steps = (*away.steps, Step("opened", opened))
            self._follow(replace(away, loud=(*away.loud, *missed), resolved=None, steps=steps), opened)
            return
        last = self.found[-1].resolved if self.found else None
        before = self.found.pop() if last is not None and opened - last <= self._rules.rejoin else None
        flaps = before is not None and _flaps(before, opened, self._rules)
        step = Step("flapping" if flaps else "opened", opened)
        if before is None:
            first = _onset(self._loud, self._judged, opened, self._after)
            begun = Episode(self._direction, first, (opened,), None, (step,))
        else:
            begun = replace(before, loud=(*before.loud, opened), resolved=None, steps=(*before.steps, step))
        self._follow(begun, opened + 1)

    def closed(self) -> Iterator[tuple[int, float]]:
        """The buckets that closed what is over and had lasted, so that it is by now part of what is expected, and the largest
        differences."""
        for one in self.found:
            if one.resolved is not None and one.last - one.first >= self._rules.rejoin:
                yield one.resolved, float(np.nanmax(self._series.difference[one.first : one.last + 1]))

    def _follow(self, begun: Episode, since: int) -> None:
        series = self._series
        hot = series.hot(max(self._after, self._since))
        episode = _follow(series, hot, begun, since)
        self.found.append(episode)
        if episode.resolved is not None:
            self._after = episode.resolved + 1
            series.tell(episode.first, episode.resolved)


def _found(ways: Sequence[_Way]) -> list[Episode]:
    """The incidents of one series in all directions, one opened after the other: what was the way back when it came stays so,
    whatever comes later."""
    now = 0
    while True:
        openings = [
            (opened, place)
            for place, way in enumerate(ways)
            if (opened := way.opening(now, _closed(ways, way))) is not None
        ]
        if not openings:
            return [one for way in ways for one in way.found]
        now, place = min(openings)
        ways[place].open(now)


def _closed(ways: Sequence[_Way], but: _Way) -> Iterator[tuple[int, float]]:
    """What closed in the other directions."""
    return (one for way in ways if way is not but for one in way.closed())


def _flaps(before: Episode, opened: int, rules: Rules) -> bool:
    """Whether one more opening makes too many."""
    lately = [step for step in before.steps if step.kind in OPENINGS and opened - step.bucket < rules.calm]
    return len(lately) >= FLAPS - 1


def _onset(loud: Bools, judged: npt.NDArray[np.intp], opened: int, after: int) -> int:
    """Where the trouble began: the judged buckets just before that were already outside the quiet range."""
    first = opened
    for at in judged[: np.searchsorted(judged, opened)][::-1]:
        if at < after or not loud[at]:
            break
        first = int(at)
    return first


def _follow(series: _Hurting, hot: Bools, begun: Episode, since: int) -> Episode:
    """The life of an incident that is open, from the bucket `since` on: until it is over, or to the end."""
    steps, counted = list(begun.steps), list(begun.loud)
    last = next(step.kind for step in reversed(steps) if step.kind in OPENINGS)
    enough = series.rules.calm if last == "flapping" else series.rules.quiet
    loud, difference, over = series.loud(), series.difference, series.over
    judged = np.flatnonzero(np.isfinite(series.own) | over)
    told = max(float(difference[step.bucket]) for step in steps if step.told)
    place = int(np.searchsorted(judged, since))
    quiet = place - int(np.searchsorted(judged, counted[-1], side="right"))
    for at in judged[place:]:
        here = int(at)
        if over[here]:
            steps.append(Step("ended", here))
            return replace(begun, loud=tuple(counted), resolved=here, steps=tuple(steps))
        if loud[here]:
            counted.append(here)
            quiet = 0
            if hot[here] and difference[here] > GREW * told:
                told = float(difference[here])
                steps.append(Step("grew", here))
            continue
        quiet += 1
        if quiet >= enough:
            steps.append(Step("resolved", here))
            return replace(begun, loud=tuple(counted), resolved=here, steps=tuple(steps))
    return replace(begun, loud=tuple(counted), resolved=None, steps=tuple(steps))
