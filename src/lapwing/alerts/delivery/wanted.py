"""Which lines of which incidents a subscription wants to be told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lapwing.alerts.history import Value
from lapwing.alerts.life import Life
from lapwing.alerts.record import ENDINGS, OPENINGS, Happened
from lapwing.model.calendar import DAY
from lapwing.model.delivery import Subscription

ENDS = (*ENDINGS, "retracted", "closed", "accepted", "reopened")
"""What is told only to those who were told that it began."""
OLD = DAY
"""What is older when it is first found is history: it is in the record, and nobody needs a message."""

LATEST = 7 * DAY
"""Of data restated later than that, only what is open is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an incident is of. `group`: under which name its monitor and others are watched by a tag.

    `standing`: it is shown by itself, no other stands for it. `warning`: it is one. `dataset`:
    of one about data, whose it is. `told_with`: the incident of another metric that it explains; who is told of that is not
    told of this."""

    monitor: str
    metric: str
    tags: tuple[str, ...]
    slice: Mapping[str, Value]
    standing: bool
    warning: bool = False
    dataset: str | None = None
    group: str = ""
    told_with: Subject | None = None


def chosen(subscription: Subscription, subject: Subject) -> bool:
    """Whether a subscription is about an incident at all."""
    if subject.warning and not subscription.warnings:
        return False
    if subscription.data == "only" if subject.dataset is None else not subscription.data:
        return False
    within = all(_text(subject.slice.get(name)) == value for name, value in subscription.slice.items())
    if not (subscription.monitors or subscription.metrics or subscription.tags or subscription.datasets):
        return within and not (subscription.person and not subscription.slice)
    named = (
        subject.monitor in subscription.monitors
        or subject.group in subscription.monitors
        or subject.metric in subscription.metrics
        or bool(set(subject.tags) & set(subscription.tags))
        or subject.dataset in subscription.datasets
    )
    return named and within


def wanted(
    subscription: Subscription, subject: Subject, line: Happened, now: Life, *, told_before: bool, back: bool = False
) -> bool:
    """Whether a line is to be told. `now` is the incident as it is by now; `told_before`: something of it was told the same
    way already; `back`: the line opens what was over."""
    if line.kind == "assigned":
        return bool(subscription.person) and line.data.get("to") == subscription.person != line.who
    if line.kind == "closed" and line.data.get("reason") == "confirmed":
        return False  # the incident of the complete bucket tells it
    if line.kind in ENDS:
        return told_before
    if now.state == "retracted":
        return False  # by now it is known that there was nothing
    if not subject.standing or not chosen(subscription, subject):
        return False
    if subject.told_with is not None and chosen(subscription, subject.told_with):
        return False
    fresh = _is_fresh(line)
    if line.kind in OPENINGS:
        if told_before and _is_late(line) and not back:
            return False  # it is told already; restated data only moves when it opened
        last = max((step.number for step in now.steps if step.kind in OPENINGS), default=0)
        return fresh or (now.open and line.number == last)
    return line.kind == "grew" and fresh and now.snoozed_until(line.at) is None


def _is_late(line: Happened) -> bool:
    """Data that changed tells it: nobody could know it before it was written down."""
    return line.at == line.recorded


def _is_fresh(line: Happened) -> bool:
    """It is news; of what changed data tells, only where it is of the last days."""
    of = line.data.get("until")
    long_ago = of is not None and line.recorded - int(of) > LATEST
    return line.recorded - line.at <= OLD and not (_is_late(line) and long_ago)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
