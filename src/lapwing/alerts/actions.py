"""What people do to incidents: checked against its state, then a line of its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lapwing.alerts.life import GONE, Life
from lapwing.model.calendar import DAY
from lapwing.model.names import nearest
from lapwing.model.problem import Conflict, WrongUse

NAMES = {
    "acknowledge": "acknowledged",
    "assign": "assigned",
    "snooze": "snoozed",
    "comment": "commented",
    "accept": "accepted",
    "reopen": "reopened",
    "resolve": "closed",
    "useful": "voted",
    "not_useful": "voted",
    "take_back": "voted",
}
"""What can be done, and the kind of line that it becomes."""
_VOTES = {"useful": True, "not_useful": False, "take_back": None}
"""Of one incident a person's last word holds."""
LONGEST_TEXT = 4000
LONGEST_NAME = 100
LONGEST_SNOOZE = 366 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that somebody wants done. `name` is one of `NAMES`; `to` of assign ("" is nobody), `until` of snooze (UTC
    microseconds), `text` of comment, and said with any other."""

    name: str
    who: str
    to: str = ""
    until: int | None = None
    text: str = ""

    @property
    def kind(self) -> str:
        return NAMES[self.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is to be written down of it."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


def lines_of(action: Action, life: Life, now: int, since: int | None) -> tuple[Line, ...]:
    """The lines that an action adds to a record in the state `life`. `since`: where the level to accept began.

    Raises:
        WrongUse: it lacks something, or says too much.
        Conflict: the incident's state does not allow it; somebody was first, perhaps.
    """
    _check(action, now)
    _allow(action, life)
    text = action.text.strip()
    said = (Line(kind="commented", data={"text": text}),) if text else ()
    match action.name:
        case "comment":
            return said
        case "assign":
            return Line(kind="assigned", data={"to": action.to.strip()}), *said
        case "snooze":
            return Line(kind="snoozed", data={"until": action.until}), *said
        case "accept":
            return Line(kind="accepted", data={"since": since}), *said
        case "resolve":
            return Line(kind="closed", data={"reason": "by_hand"}), *said
        case "useful" | "not_useful" | "take_back":
            useful = _VOTES[action.name]
            same = life.votes.get(action.who.strip()) is useful
            return said if same else (Line(kind="voted", data={"useful": useful}), *said)
        case _:
            return Line(kind=action.kind), *said


def _check(action: Action, now: int) -> None:
    if action.name not in NAMES:
        near = nearest(action.name, NAMES)
        hint = None if near else f"There are {', '.join(NAMES)}."
        raise WrongUse.of("unknown-action", f"There is no action {action.name}.", nearest=near, hint=hint)
    if not action.who.strip() or len(action.who) > LONGEST_NAME:
        hint = f"Say it in {LONGEST_NAME} characters at most."
        raise WrongUse.of("who-needed", "It is not said who does this.", hint=hint)
    if action.name == "comment" and not action.text.strip():
        raise WrongUse.of("empty-comment", "The comment is empty.", hint="Write what the others should know.")
    if len(action.text) > LONGEST_TEXT or len(action.to) > LONGEST_NAME:
        raise WrongUse.of("too-long", f"A comment has {LONGEST_TEXT:,} characters at most, a name {LONGEST_NAME}.")
    if action.name == "snooze":
        if action.until is None:
            raise WrongUse.of(
                "until-needed", "Until when is not said.", hint="Send a time, such as +4h or 2026-12-01T08:00."
            )
        if not now < action.until <= now + LONGEST_SNOOZE:
            raise WrongUse.of("bad-until", "A snooze ends in the future, within a year.", hint="Send a later time.")


def _allow(action: Action, life: Life) -> None:
    name = action.name
    if name == "comment" or name in _VOTES or (name == "assign" and life.state != "retracted"):
        return
    if life.state == "retracted":
        says = "The incident was retracted: data that came later shows none."
        raise Conflict.of("incident-retracted", says, hint="Comment on it, if something is to be said.")
    if name == "reopen":
        if life.open:
            raise Conflict.of("incident-open", "The incident is open.")
        if life.reason in GONE:
            raise Conflict.of("incident-gone", "What the incident was of is not judged any more.")
        return
    if not life.open:
        raise Conflict.of("incident-over", "The incident is over already.", hint="Reopen it first, if it is not.")
    if name == "acknowledge" and life.acknowledged is not None:
        raise Conflict.of("acknowledged-already", f"{life.acknowledged.who} has acknowledged it already.")
