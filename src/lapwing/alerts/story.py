"""An incident's story: numbered steps, each with the time when people could know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from lapwing.alerts.episode import Episode
from lapwing.alerts.judged import Judged
from lapwing.alerts.record import ENDINGS, OPENINGS, STEPS, Happened
from lapwing.alerts.said import said
from lapwing.alerts.totals import at_stake, numbers
from lapwing.alerts.views.incident import StoryStep
from lapwing.alerts.words import money, number, signed, when
from lapwing.model.calendar import from_us, local_iso
from lapwing.model.dataset import Dataset
from lapwing.model.grain import Unit

ORDER = ("withdrawn", "opened", "flapping", "cause", "grew", "worst", "easing", "resolved", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is told of: an incident of one series, as known."""

    judged: Judged
    dataset: Dataset
    row: int
    episode: Episode
    zone: str

    def story(self, known: int, cause: str, lines: Sequence[Happened] | None = None) -> list[StoryStep]:
        """The steps as they were known when `known` buckets were. `cause` is the sentence of the cause at the opening.
        `lines` is what is written down; without it the steps are told as they are judged now."""
        if lines is None:
            steps = [self._step(step.kind, step.bucket) for step in self.episode.steps]
        else:
            steps = [self._line(line) for line in lines if line.kind != "commented"]
        opening = next((step for step in steps if step.kind in OPENINGS), None)
        at = None if opening is None else opening.at
        steps.insert(1, replace(self._tell("cause", self.episode.opened, cause), **({} if at is None else {"at": at})))
        if any(step.kind == "retracted" for step in steps):
            return steps
        worst, easing = self._worst(known)
        # What was before it was told is in the words of the opening.
        if worst > self.episode.opened and worst not in {step.bucket for step in self.episode.steps}:
            steps.append(self._step("worst", worst))
        if easing is not None and easing > self.episode.opened:
            steps.append(self._step("easing", easing))
        return sorted(steps, key=lambda step: (step.at, ORDER.index(step.kind) if step.kind in ORDER else len(ORDER)))

    def _line(self, line: Happened) -> StoryStep:
        step = told_step(line, self.zone)
        if step.says or line.kind not in STEPS or line.bucket is None:
            return step
        return replace(step, says=self._says_at(line.kind, line.bucket))

    def _says_at(self, kind: str, start: int) -> str:
        """Of a step that was written down without its words, by an older Lapwing."""
        bucket = int(np.searchsorted(self.judged.borders[:-1], start, side="right")) - 1
        known = self.episode.opened <= bucket and any(at < bucket for at in self.episode.loud)
        return self.says(kind, bucket) if known or kind not in ENDINGS else ""

    def _worst(self, known: int) -> tuple[int, int | None]:
        """The bucket of the largest difference, and the first after it with less than half of that."""
        judged = self.judged
        ended = self.episode.resolved
        last = known - 1 if ended is None else min(known - 1, ended)
        part = np.s_[self.row, self.episode.first : last + 1]
        found = (judged.actual[part] - judged.detection.expected[part]) * self.episode.direction
        found = np.where(np.isfinite(judged.detection.score[part]), found, np.nan)
        if np.isnan(found).all():
            return self.episode.opened, None
        worst = int(np.nanargmax(found))
        after = np.flatnonzero(found[worst + 1 :] < found[worst] / 2)
        easing = None if not len(after) else self.episode.first + worst + 1 + int(after[0])
        return self.episode.first + worst, easing

    def _step(self, kind: str, bucket: int) -> StoryStep:
        return self._tell(kind, bucket, self.says(kind, bucket))

    def _tell(self, kind: str, bucket: int, says: str) -> StoryStep:
        borders = self.judged.borders
        at, start = local_iso(int(self.judged.known[bucket]), self.zone), local_iso(int(borders[bucket]), self.zone)
        return StoryStep(at=at, bucket=start, kind=kind, says=says)

    def says(self, kind: str, bucket: int) -> str:
        """A step of the data as a sentence, of what was known when its bucket was the last one."""
        here = f"{self._values(bucket, bucket)} {self._at(bucket)}"
        match kind:
            case "opened":
                return self._opened(bucket)
            case "flapping":
                return (
                    f"{here}: it came back for the third time. Told again once it was quiet for long, or on a record."
                )
            case "grew":
                return f"{here}: a new record."
            case "worst":
                return f"{here}, {self._expected(bucket, bucket)} expected.{self._money(bucket)}"
            case "easing":
                return f"{here}: less than half as far from what was expected as at the worst."
            case "ended":
                return self._ended(bucket)
            case _:
                return self._resolved(bucket)

    def _opened(self, bucket: int) -> str:
        before = [step.kind for step in self.episode.steps if step.bucket < bucket]
        if before[-1:] == ["ended"]:
            return f"It is back {self._at(bucket)}: it had not ended, it was away. {self._in_all(bucket)}"
        if bucket != self.episode.opened:
            return (
                f"Again: {self._values(bucket, bucket)} {self._at(bucket)}, {self._expected(bucket, bucket)} expected."
            )
        first = self.episode.first
        span = (
            self._at(bucket)
            if first == bucket
            else f"from {self._clock(first)} to {self._clock(bucket, end=self._short)}"
        )
        says = f"{self._values(first, bucket)} {span}, {self._expected(first, bucket)} expected.{self._money(bucket)}"
        return says + self._among(bucket)

    def _among(self, bucket: int) -> str:
        """Of a slice that nobody chose, among how many it was found."""
        watching = self.judged.watching
        if watching is None or len(self.judged.slices[self.row]) <= len(self.judged.monitor.slice):
            return ""
        return f" It stands out among {int(watching[bucket]):,} slices."

    def _resolved(self, bucket: int) -> str:
        rules, grain = self.judged.rules, self.judged.monitor.grain
        flapped = [step.kind for step in self.episode.steps if step.bucket < bucket and step.kind in OPENINGS][-1:]
        quiet = rules.calm if flapped == ["flapping"] else rules.quiet
        counted = (
            f"{quiet} buckets of {grain}" if grain.count != 1 else f"{quiet} {grain}s" if quiet != 1 else f"One {grain}"
        )
        return f"{counted} inside the range. {self._in_all(bucket)}"

    def _ended(self, bucket: int) -> str:
        there = np.flatnonzero(self.judged.ends.volume[self.row, : bucket + 1] > 0)
        gone = int(there[-1]) + 1 if len(there) else self.episode.first
        return f"Nothing came {self._since(gone)}, while the others go on: it ended. {self._in_all(bucket)}"

    def _since(self, bucket: int) -> str:
        local = from_us(int(self.judged.borders[bucket])).astimezone(ZoneInfo(self.zone))
        return f"since {when(local, clock=self._short)}"

    def _in_all(self, bucket: int) -> str:
        """What it came to when a bucket was the last one known."""
        shown = self.judged.metric.shown
        last = max(at for at in self.episode.loud if at < bucket)
        found = numbers(self.judged, self.row, self.episode.first, last)
        return f"In all {signed(found.difference, shown.format, shown.unit)} against what was expected."

    def _values(self, first: int, last: int) -> str:
        shown = self.judged.metric.shown
        return number(numbers(self.judged, self.row, first, last).actual, shown.format, shown.unit)

    def _expected(self, first: int, last: int) -> str:
        shown = self.judged.metric.shown
        return number(numbers(self.judged, self.row, first, last).expected, shown.format, shown.unit)

    def _money(self, bucket: int) -> str:
        found = at_stake(numbers(self.judged, self.row, self.episode.first, bucket), self.dataset, self.judged.metric)
        return "" if found is None else f" {money(*found)} so far."

    @property
    def _short(self) -> bool:
        return self.judged.monitor.grain.unit in (Unit.SECOND, Unit.MINUTE, Unit.HOUR)

    def _at(self, bucket: int) -> str:
        return f"{'at' if self._short else 'on'} {self._clock(bucket)}"

    def _clock(self, bucket: int, *, end: bool = False) -> str:
        local = from_us(int(self.judged.borders[bucket + end])).astimezone(ZoneInfo(self.zone))
        return f"{local:%H:%M}" if self._short else when(local, clock=False)


def told_step(line: Happened, zone: str) -> StoryStep:
    """A line of a record as it was told."""
    at = local_iso(line.at, zone)
    if line.kind in STEPS and line.bucket is not None:
        says = str(line.data.get("says", ""))
        return StoryStep(at=at, bucket=local_iso(line.bucket, zone), kind=line.kind, says=says)
    return StoryStep(at=at, bucket=None, kind=line.kind, says=said(line, zone), who=line.who)
