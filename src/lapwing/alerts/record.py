"""An incident's record: what happened to it, written down once and never changed.

Two kinds of things happen: steps of the data (it opened, grew, was resolved, was retracted) and actions of people. Each
knows when people could know it (`at`) and when it was written down (`recorded`); what an incident is at a moment follows
from these alone (`life`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, int, int]
"""What names an incident among those of its monitor: series, direction, and the start of the bucket that opened it."""

STEPS = ("opened", "flapping", "grew", "resolved", "ended")
"""What data says. `opened` comes again where a new outbreak soon after is the same incident, or what had `ended` is back."""
OPENINGS = ("opened", "flapping")
ENDINGS = ("resolved", "ended")
CORRECTIONS = ("withdrawn", "retracted")
"""What later data takes back: one step, or all of it."""
ACTIONS = ("acknowledged", "assigned", "snoozed", "commented", "accepted", "reopened", "closed", "voted")
"""What people did. `closed` is also ours: a metric that is no more can't be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One line of a record. `number` counts an incident's lines as they were written. `bucket` is the start of the bucket
    that a step was seen in. `data` says more, by kind:

    - steps: `says`, and the numbers as they were then (`actual`, `expected`, `amount`, `currency`);
    - withdrawn: `of`, the numbers of the steps that no longer hold, and the `reason`; retracted, closed: `reason`;
    - assigned: `to` ("" is nobody); snoozed: `until`; commented: `text`; accepted: `since`, where the new level began;
      voted: `useful`, None where the word before is taken back.
    """

    number: int
    kind: str
    at: int
    recorded: int
    bucket: int | None = None
    who: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is written down of one incident. `about` is what it was of when it was found: metric, label, unit, ..."""

    id: int
    monitor: str
    definition: str
    key: Key
    about: Mapping[str, Any]
    lines: tuple[Happened, ...]

    def known(self, moment: int | None = None) -> tuple[Happened, ...]:
        """What people could know at a moment (all, unless said), in order."""
        return ordered(line for line in self.lines if moment is None or line.at <= moment)


def added_at(lines: Iterable[Happened], now: int) -> int:
    """When what is added now is known: now, or, where a clock that was ahead went back, when the last line was. Else it
    would be taken for what happened before."""
    return max([now, *(line.at for line in lines)])


def ordered(lines: Iterable[Happened]) -> tuple[Happened, ...]:
    """Lines by when they could be known; of one moment as they were written."""
    return tuple(sorted(lines, key=lambda line: (line.at, line.number)))
