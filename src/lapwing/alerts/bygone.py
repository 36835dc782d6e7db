"""Incidents of what is judged no longer, by their record alone: a metric or a monitor that is no more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lapwing.alerts.life import life
from lapwing.alerts.record import STEPS, Record
from lapwing.alerts.story import told_step
from lapwing.alerts.views.incident import (
    Acknowledged,
    AtStake,
    CauseView,
    Comment,
    DataView,
    IncidentSummary,
    IncidentView,
    VoteView,
    WarningView,
)
from lapwing.alerts.views.view import Chart
from lapwing.alerts.why.change import Cause
from lapwing.model.calendar import local_iso
from lapwing.model.problem import NotFound


def bygone(record: Record, moment: int, zone: str, cause: Cause | None = None) -> IncidentView:
    """An incident as it was told, with the last `cause`; nothing is drawn, for its data is not looked at any more.

    Raises:
        NotFound: it was not known yet.
    """
    now = life(record.lines, moment)
    lines = record.known(moment)
    if now.opened is None:
        says = f"There is no incident {record.id}, or it was not known yet on {local_iso(moment, zone)[:10]}."
        raise NotFound.of("unknown-incident", says)
    told = [line.data for line in lines if line.kind in STEPS]
    last = told[-1]
    about = record.about
    opened = last.get("first", record.key[2])
    money = last.get("amount")
    acknowledged = now.acknowledged
    summary = IncidentSummary(
        id=record.id,
        monitor=record.monitor,
        metric=about.get("metric", ""),
        label=about.get("label", record.monitor),
        unit=about.get("unit", ""),
        format=about.get("format", ""),
        better=about.get("better"),
        grain=about.get("grain", ""),
        slice=dict(json.loads(record.key[0])),
        state=now.state,
        opened=local_iso(opened, zone),
        known_at=local_iso(now.opened, zone),
        until=local_iso(last.get("until", opened), zone),
        resolved=None if now.ended is None else local_iso(now.ended, zone),
        actual=last.get("actual"),
        expected=last.get("expected"),
        lower=last.get("lower"),
        upper=last.get("upper"),
        difference=last.get("difference"),
        at_stake=None if money is None else AtStake(amount=money, currency=last["currency"]),
        cause=None if cause is None else CauseView.of(cause),
        chart=Chart(time=[], actual=[], expected=[], lower=[], upper=[], outside=[], until=moment // 1000),
        events=[],
        folded=0,
        acknowledged=None
        if acknowledged is None
        else Acknowledged(at=local_iso(acknowledged.at, zone), who=acknowledged.who),
        assignee=now.assignee,
        snoozed_until=None if (until := now.snoozed_until(moment)) is None else local_iso(until, zone),
        reason=now.reason,
        flapping=now.flapping,
        kind=about.get("kind", "anomaly"),
        warning=warning_of(last),
        data=data_of(about, last, zone),
        votes=[VoteView(who=who, useful=useful) for who, useful in now.votes.items()],
    )
    return IncidentView(
        summary=summary,
        story=[told_step(line, zone) for line in lines if line.kind != "commented"],
        comments=[
            Comment(at=local_iso(line.at, zone), who=line.who, text=str(line.data["text"])) for line in now.comments
        ],
        why=None,
        related=[],
        receipt=None,
    )


def warning_of(told: Mapping[str, Any]) -> WarningView | None:
    """What a step of an early warning says of it; None of other incidents."""
    found = told.get("warning")
    if found is None:
        return None
    shown = {name: found.get(name) for name in WarningView.__dataclass_fields__ if name != "says"}
    return WarningView(**shown, says=str(told.get("says", "")))


def data_of(about: Mapping[str, Any], told: Mapping[str, Any], zone: str) -> DataView | None:
    """What a step of an incident about data says of it; None of other incidents."""
    if about.get("kind") != "data":
        return None
    start, end = told["start"], told["end"]
    return DataView(
        check=about["check"],
        dataset=about["dataset"],
        start=local_iso(start, zone),
        end=None if end is None else local_iso(end, zone),
        says=str(told.get("found", told.get("says", ""))),
    )
