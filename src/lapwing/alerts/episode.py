"""What is known of an incident of one series: where it began, what was told of it, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lapwing.alerts.evidence import Gathering
from lapwing.alerts.record import ENDINGS


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
        known = buckets if ended is None else ended  # what was missed after an end is counted once it is back
        return replace(self, loud=tuple(at for at in self.loud if at < known), resolved=ended, steps=steps)

    def later(self, by: int) -> Episode:
        """The same so many buckets later."""
        if not by:
            return self
        return replace(
            self,
            first=self.first + by,
            loud=tuple(at + by for at in self.loud),
            resolved=None if self.resolved is None else self.resolved + by,
            steps=tuple(replace(step, bucket=step.bucket + by) for step in self.steps),
        )
