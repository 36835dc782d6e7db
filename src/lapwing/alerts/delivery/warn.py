"""Early warnings in messages: what is projected against which goal or limit, how sure that is, and how long there is."""

from __future__ import annotations

from datetime import datetime

from lapwing.alerts.early.words import AIMS, left
from lapwing.alerts.views.incident import IncidentSummary, WarningView
from lapwing.alerts.words import number, share, when
from lapwing.model.calendar import to_us

KINDS = {"pacing": "goal at risk", "limit": "nears a limit", "drift": "slow drift", "leading": "usually follows"}
LIKELY = {"pacing": "Miss", "limit": "Crossing", "leading": "Following"}
HAPPENED = {"pacing": "missed already", "limit": "crossed already"}


def subject(name: str, one: IncidentSummary, warning: WarningView, as_of: str) -> str:
    """The line that says it is a warning, and of what: "Warning, goal at risk: Orders: about 7,810, at least 9,000 wanted,
    97% likely, 3 days left"."""
    parts = [f"{_projected(one, warning)}, {_against(one, warning)}"]
    if one.state == "open":
        parts += [_how_sure(warning)] if warning.chance is not None else []
        parts += [f"{room} left"] if (room := _room(warning, as_of)) else []
    return f"Warning, {KINDS.get(warning.kind, 'early')}: {name}: {', '.join(parts)}"


def rows(one: IncidentSummary, warning: WarningView, as_of: str) -> list[tuple[str, str]]:
    """What stands in the table of a message."""
    named = {"drift": ("Now", "A week before"), "leading": ("Expected to be", "Usual")}
    first, second = named.get(warning.kind, ("Projected", "Limit" if warning.kind == "limit" else "Goal"))
    if warning.projected is None:  # too early to project anything, and missed all the same
        first = "So far"
    projected = _said(warning.so_far if warning.projected is None else warning.projected, one)
    if warning.lower is not None and warning.upper is not None and warning.lower < warning.upper:
        projected = f"{projected} ({_said(warning.lower, one)} to {_said(warning.upper, one)})"
    aim = AIMS.get(warning.aim, "")
    found = [(first, projected), (second, f"{aim} {_said(warning.goal, one)}".strip())]
    if warning.chance is not None and one.state == "open":
        found.append((LIKELY.get(warning.kind, "Likely"), _how_sure(warning)))
    if warning.due is not None:
        room = _room(warning, as_of)
        due = when(datetime.fromisoformat(warning.due))
        found.append(("By", f"{due}, {room} left" if room else due))
    past = f"{warning.came} of {warning.warnings} came true" if warning.warnings else "none"
    found.append(("Such warnings before", past))
    return found


def _projected(one: IncidentSummary, warning: WarningView) -> str:
    if warning.projected is None:
        return f"{_said(warning.so_far, one)} already"
    about = "" if warning.kind == "drift" else "about "
    return f"{about}{_said(warning.projected, one)}"


def _against(one: IncidentSummary, warning: WarningView) -> str:
    goal = _said(warning.goal, one)
    match warning.kind:
        case "drift":
            return f"{goal} expected a week before"
        case "leading":
            return f"{goal} usual"
        case "limit":
            return f"limit {goal}"
        case _:
            return f"{AIMS.get(warning.aim, '')} {goal} wanted".strip()


def _said(value: float | None, one: IncidentSummary) -> str:
    return "–" if value is None else number(value, one.format, one.unit)


def _how_sure(warning: WarningView) -> str:
    chance = warning.chance or 0.0
    return HAPPENED[warning.kind] if chance >= 1 and warning.kind in HAPPENED else f"{share(min(chance, 0.99))} likely"


def _room(warning: WarningView, as_of: str) -> str | None:
    """How long there is at the moment of the message; None where there is none, or none is said."""
    if warning.due is None:
        return None
    room = to_us(datetime.fromisoformat(warning.due)) - to_us(datetime.fromisoformat(as_of))
    return left(room) if room > 0 else None
