"""What the actions on incidents share."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from lapwing.cli.project import open_project

if TYPE_CHECKING:
    from lapwing.alerts.service import Alerts
    from lapwing.alerts.state import StateDatabase
    from lapwing.alerts.views.incident import IncidentView
    from lapwing.query.service import Lapwing


@contextmanager
def open_alerts(options: Namespace) -> Iterator[tuple[Lapwing, Alerts, StateDatabase]]:
    """The project and its alerts; what is not up to date is judged before anything is said."""
    from lapwing.alerts.service import Alerts
    from lapwing.alerts.state import StateDatabase

    with open_project(options) as lapwing:
        state = StateDatabase(lapwing.project.state_path)
        alerts = Alerts(lapwing, state)
        try:
            yield lapwing, alerts, state
        finally:
            alerts.close()
            state.close()


def as_of(options: Namespace, lapwing: Lapwing) -> datetime | None:
    """The moment of `--as-of`; None: now."""
    if not options.as_of:
        return None
    from lapwing.model.calendar import from_us
    from lapwing.model.timerange import parse_moment

    project = lapwing.project
    at, _ = parse_moment(options.as_of, now=lapwing.now(), zone=project.timezone, week_start=project.week_start)
    return from_us(at)


def number(text: str) -> int:
    """An incident's number."""
    if not (text.isascii() and text.isdecimal() and len(text) < 18):
        raise ArgumentTypeError(f"{text!r} is not the number of an incident")
    return int(text)


def told(view: IncidentView) -> Iterator[str]:
    """An incident's story, line by line."""
    one = view.summary
    within = ", ".join(f"{name} = {value}" for name, value in one.slice.items())
    yield f"{one.label}{f' ({within})' if within else ''}: {state(view)}, since {one.opened}"
    for step in view.story:
        yield f"  {step.at[:16].replace('T', ' ')}  {step.kind}: {step.says}"
    for comment in view.comments:
        yield f"  {comment.at[:16].replace('T', ' ')}  {comment.who} says: {comment.text}"
    if one.learned:
        yield f"  {one.learned}"


def state(view: IncidentView) -> str:
    """How it stands, in a few words."""
    one = view.summary
    parts = [one.state if one.reason in (None, "quiet", "retracted") else f"{one.state} ({one.reason})"]
    if one.state == "open":
        parts += [f"acknowledged by {one.acknowledged.who}"] if one.acknowledged else []
        parts += [f"snoozed until {one.snoozed_until}"] if one.snoozed_until else []
    parts += [f"assigned to {one.assignee}"] if one.assignee else []
    return ", ".join(parts)
