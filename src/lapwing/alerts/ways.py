"""The incidents of one series in one direction, as they are found: when one opens, how it goes on, and what ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from lapwing.alerts.bar import OPENS
from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.episode import Episode, Rules, Step
from lapwing.alerts.evidence import evidence
from lapwing.alerts.many import among
from lapwing.alerts.outbreaks import began
from lapwing.alerts.record import ENDINGS, OPENINGS

GREW = 1.5
"""How much larger than the last told difference a new one must be to be told."""
HYSTERESIS = 0.5
"""The share of the opening score below which a bucket's own counts as quiet, however much has built up before it."""
FLAPS = 3
"""How many openings within a day (`Rules.calm`) are flapping: twice is a relapse."""


@dataclass(slots=True, eq=False)
class Hurting:
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


class Way:
    """The incidents of one series in one direction, as they are found; `known` are those of before the bucket `since`, as they
    were found then."""

    def __init__(
        self, series: Hurting, direction: int, rules: Rules, known: list[Episode] | None = None, since: int = 0
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


def found(ways: Sequence[Way]) -> list[Episode]:
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


def _closed(ways: Sequence[Way], but: Way) -> Iterator[tuple[int, float]]:
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


def _follow(series: Hurting, hot: Bools, begun: Episode, since: int) -> Episode:
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


def _two(mask: Bools | None) -> Bools | None:
    """One series as one of several."""
    return None if mask is None else mask[None]
