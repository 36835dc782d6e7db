"""What an incident is at a moment: a pure fold over its record.

The lines may have arrived in any order; the state follows from the set of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from lapwing.alerts.record import OPENINGS, STEPS, Happened, ordered

GONE = ("redefined", "deleted", "unfollowed")
"""Reasons for which an incident was closed because it can't be judged any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """`steps` are those that hold. `ended` and `reason` say when and why it is over: "quiet" (the data is back in its range),
    "ended" (there is no more of it), "new_normal", "by_hand", "retracted", or one of `GONE`. `votes`: by person, whether it was
    useful. `outbreak` counts the times it opened."""

    steps: tuple[Happened, ...] = ()
    opened: int | None = None
    ended: int | None = None
    reason: str | None = None
    acknowledged: Happened | None = None
    assigned: Happened | None = None
    snoozed: Happened | None = None
    accepted: Happened | None = None
    comments: tuple[Happened, ...] = ()
    votes: Mapping[str, bool] = field(default_factory=dict)
    outbreak: int = 0

    @property
    def told(self) -> bool:
        """People could ever know of it."""
        return self.opened is not None

    @property
    def open(self) -> bool:
        return self.told and self.ended is None

    @property
    def state(self) -> str:
        """open, resolved or retracted."""
        return "open" if self.open else "retracted" if self.reason == "retracted" else "resolved"

    @property
    def assignee(self) -> str:
        return "" if self.assigned is None else str(self.assigned.data["to"])

    def snoozed_until(self, moment: int) -> int | None:
        """Until when it is to be left alone, as far as that is still to come."""
        until = None if self.snoozed is None else int(self.snoozed.data["until"])
        return until if until is not None and until > moment and self.open else None

    @property
    def useful(self) -> bool | None:
        """What most of those who said anything say; None where nobody did, or as many say the one as the other."""
        balance = sum(1 if one else -1 for one in self.votes.values())
        return None if balance == 0 else balance > 0

    @property
    def flapping(self) -> bool:
        """It comes and goes so often that this is told once."""
        last = next((step.kind for step in reversed(self.steps) if step.kind in OPENINGS), None)
        return self.open and last == "flapping"


def life(lines: Iterable[Happened], moment: int | None = None) -> Life:
    """The state that follows from the lines known at a moment (UTC microseconds; all, unless said)."""
    known = ordered(line for line in lines if moment is None or line.at <= moment)
    now = reduce(_after, _sequence(known), Life())
    # Where later data corrects when it opened, people have known of it since it was first told.
    return replace(now, opened=next((line.at for line in known if line.kind in OPENINGS), None))


def _sequence(known: Sequence[Happened]) -> list[Happened]:
    """What holds of the lines, in order: steps by their buckets, the rest by when it was known.

    A step that data told late lies before the steps of later buckets that were known already, so it takes its place before
    the first of them.
    """
    taken_back = {number for line in known if line.kind == "withdrawn" for number in line.data["of"]}
    retracted = max((line.number for line in known if line.kind == "retracted"), default=0)
    holds = [line for line in known if line.kind in STEPS and line.number > retracted and line.number not in taken_back]
    holds.sort(key=lambda line: (line.bucket or 0, line.number))
    placed = [((line.at, line.number, 0), line) for line in known if line.kind not in STEPS]
    soonest = (1 << 62, 0)
    for place in range(len(holds) - 1, -1, -1):
        line = holds[place]
        soonest = min(soonest, (line.at, line.number))
        placed.append(((*soonest, place), line))
    return [line for _, line in sorted(placed, key=lambda one: one[0])]


def _after(before: Life, line: Happened) -> Life:
    if line.kind in STEPS:
        return _after_step(replace(before, steps=(*before.steps, line)), line)
    match line.kind:
        case "retracted":
            return replace(before, ended=line.at, reason="retracted", acknowledged=None, snoozed=None)
        case "acknowledged":
            return replace(before, acknowledged=before.acknowledged or line)
        case "assigned":
            return replace(before, assigned=line)
        case "snoozed":
            return replace(before, snoozed=line)
        case "commented":
            return replace(before, comments=(*before.comments, line))
        case "voted":
            votes = {who: useful for who, useful in before.votes.items() if who != line.who}
            said = line.data["useful"]
            return replace(before, votes=votes if said is None else {**votes, line.who: bool(said)})
        case "accepted":
            return _over(replace(before, accepted=line), line.at, "new_normal")
        case "closed":
            return _over(before, line.at, str(line.data["reason"]))
        case "reopened" if before.reason != "retracted":  # of what the data does not show there is nothing to reopen
            return replace(before, ended=None, reason=None, acknowledged=None, snoozed=None, accepted=None)
        case _:
            return before  # of a newer Lapwing, or a correction: nothing of its own


def _after_step(now: Life, step: Happened) -> Life:
    match step.kind:
        case "opened" | "flapping":
            again = now.ended is not None
            return replace(
                now,
                opened=step.at if now.opened is None else now.opened,
                ended=None,
                reason=None,
                acknowledged=None if again else now.acknowledged,
                outbreak=now.outbreak + 1,
            )
        case "resolved":
            return _over(now, step.at, "quiet")
        case "ended":
            return _over(now, step.at, "ended")
        case _:
            return now


def _over(now: Life, at: int, reason: str) -> Life:
    """What is over stays as it ended, and when."""
    return now if now.ended is not None else replace(now, ended=at, reason=reason)
