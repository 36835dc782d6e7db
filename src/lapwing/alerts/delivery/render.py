"""Messages in words: what happened, what it is against what was expected, what it costs, why, and where to look."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from lapwing.alerts.delivery import warn
from lapwing.alerts.delivery.chart import png
from lapwing.alerts.delivery.message import Message
from lapwing.alerts.record import OPENINGS
from lapwing.alerts.views.incident import IncidentSummary, IncidentView
from lapwing.alerts.words import money, number, signed, when

HEADS = {
    "opened": "",
    "flapping": "Flapping: ",
    "grew": "Grew: ",
    "resolved": "Resolved: ",
    "ended": "Ended: ",
    "retracted": "Retracted: ",
    "closed": "Closed: ",
    "accepted": "The new normal: ",
    "reopened": "Reopened: ",
    "assigned": "Assigned to you: ",
    "escalation": "Nobody has acknowledged: ",
    "awake": "Snooze over: ",
}
BACK = "Back: "
"""Of an incident that opens again."""
GOOD = ("resolved", "ended", "retracted", "accepted", "closed")
LINES = ("pacing", "limit")
"""Warnings of a line that people drew: it is in the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One line to tell: `kind` of it, what it says, and the incident as it was known then (`as_of`, ISO)."""

    kind: str
    says: str
    view: IncidentView
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """What all messages of a project share."""

    project: str
    zone: str
    base_url: str | None

    def one(self, telling: Telling, key: str) -> Message:
        """A message about one thing that happened to one incident."""
        one = telling.view.summary
        subject = _subject(telling)
        link = self._link(one.id, telling.as_of)
        rows = _rows(one, telling.as_of)
        text = [subject, "", telling.says, *_cause(one)] if telling.says else [subject, "", *_cause(one)]
        text += ["", *(f"{name}: {value}" for name, value in rows), *([] if link is None else ["", link])]
        goal = None if one.warning is None or one.warning.kind not in LINES else one.warning.goal
        chart = png(one.chart, better=one.better, zone=self.zone, form=one.format, unit=one.unit, goal=goal)
        return Message(
            key=key,
            thread=f"incident-{one.id}",
            kind=telling.kind,
            good=telling.kind in GOOD,
            subject=f"[{self.project}] {subject}",
            text="\n".join(text) + "\n",
            html=_page(subject, [telling.says, *_cause(one)], rows, link, chart is not None),
            link=link,
            facts={"incidents": [self._facts(telling, link)]},
            chart=chart,
        )

    def digest(self, tellings: Sequence[Telling], key: str) -> Message:
        """A message about all that happened since the last one: what is open, the most costly first, then what is over."""
        last = {telling.view.summary.id: telling for telling in tellings}
        shown = sorted(
            last.values(),
            key=lambda one: (one.view.summary.state != "open", -(one.view.summary.at_stake or _NOTHING).amount),
        )
        open_ = [one for one in shown if one.view.summary.state == "open"]
        subject = f"{_count(len(shown))}, {len(open_)} open"
        blocks = []
        for telling in shown:
            one = telling.view.summary
            blocks.append((_subject(telling), [telling.says, *_cause(one)], self._link(one.id, telling.as_of)))
        text = "\n\n".join(
            "\n".join([head, *(line for line in lines if line), *([] if link is None else [link])])
            for head, lines, link in blocks
        )
        body = "".join(_block(head, lines, link) for head, lines, link in blocks)
        return Message(
            key=key,
            thread=f"digest-{key}",
            kind="digest",
            good=not open_,
            subject=f"[{self.project}] {subject}",
            text=f"{subject}\n\n{text}\n",
            html=_html(f"<h2 style='{_H}'>{html.escape(subject)}</h2>{body}"),
            link=self.base_url,
            facts={"incidents": [self._facts(one, self._link(one.view.summary.id, one.as_of)) for one in shown]},
        )

    def test(self, channel: str, key: str) -> Message:
        """A message that shows that a channel works."""
        subject = f"A test of the channel {channel}"
        says = "If you can read this, incidents reach you here."
        return Message(
            key=key,
            thread=f"test-{key}",
            kind="test",
            good=True,
            subject=f"[{self.project}] {subject}",
            text=f"{subject}\n\n{says}\n",
            html=_html(f"<h2 style='{_H}'>{html.escape(subject)}</h2><p>{says}</p>"),
            link=self.base_url,
        )

    def _link(self, incident: int, as_of: str) -> str | None:
        """The page of an incident as it was known then."""
        if self.base_url is None:
            return None
        return f"{self.base_url}/incidents/{incident}?as_of={quote(as_of[:16], safe=':')}"

    def _facts(self, telling: Telling, link: str | None) -> Mapping[str, Any]:
        one = telling.view.summary
        names = (
            "id",
            "monitor",
            "metric",
            "label",
            "unit",
            "slice",
            "state",
            "reason",
            "opened",
            "known_at",
            "resolved",
        )
        numbers = ("actual", "expected", "lower", "upper", "difference")
        data = one.as_dict()
        return {
            "step": telling.kind,
            "says": telling.says,
            "as_of": telling.as_of,
            "url": link,
            **{name: data[name] for name in (*names, *numbers, "at_stake", "cause", "acknowledged", "assignee")},
            "kind": one.kind,
            "warning": data["warning"],
            "data": data["data"],
            "doubt": data["doubt"],
            "id": str(one.id),
        }


@dataclass(frozen=True)
class _Nothing:
    amount: float = 0.0


_NOTHING = _Nothing()


def _count(incidents: int) -> str:
    return "1 incident" if incidents == 1 else f"{incidents} incidents"


def _name(one: IncidentSummary) -> str:
    within = ", ".join("none" if value is None else str(value) for value in one.slice.values())
    # One line, whatever the values are: it stands in headers.
    return " ".join((f"{one.label}, {within}" if within else one.label).split())


def _subject(telling: Telling) -> str:
    one = telling.view.summary
    head = BACK if _back(telling) else HEADS.get(telling.kind, "")
    if one.warning is not None:
        return f"{head}{warn.subject(_name(one), one, one.warning, telling.as_of)}{_stake(one)}"
    if one.data is not None:
        return f"{head}Data of {_name(one)}: {one.data.says}"
    if one.kind == "so_far":
        return f"{head}So far, {_name(one)}: {_say(one.actual, one)}, {_say(one.expected, one)} usual at this age"
    return f"{head}{_name(one)}: {_against(one)}{_stake(one)}"


def _back(telling: Telling) -> bool:
    """It opened, and had been open before: who reads of it was told that it was over."""
    return telling.kind == "opened" and sum(step.kind in OPENINGS for step in telling.view.story) > 1


def _say(value: float | None, one: IncidentSummary) -> str:
    return "–" if value is None else number(value, one.format, one.unit)


def _against(one: IncidentSummary) -> str:
    return f"{_say(one.actual, one)}, {_say(one.expected, one)} expected"


def _stake(one: IncidentSummary) -> str:
    if one.at_stake is None or one.state == "retracted":
        return ""
    cost = "at stake" if one.state == "open" else "in all"
    return f". {money(one.at_stake.amount, one.at_stake.currency)} {cost}"


def _cause(one: IncidentSummary) -> list[str]:
    if one.state == "retracted":
        return []
    names = " and ".join(event.name for event in one.events)
    within = [f"Within {names}."] if names else []
    within += [one.foreseen.says] if one.foreseen is not None else []
    doubt = [one.doubt] if one.doubt else []
    return [*doubt, *within, *([one.cause.says] if one.cause is not None else [])]


def _rows(one: IncidentSummary, as_of: str) -> list[tuple[str, str]]:
    if one.state == "retracted" and one.actual is not None and one.warning is None:
        return [("Was told", _against(one)), ("Of", when(datetime.fromisoformat(one.opened)))]
    if one.warning is not None:
        rows = warn.rows(one, one.warning, as_of)
    elif one.data is not None and one.actual is None:
        rows = []
    else:
        rows = [("Actual", _say(one.actual, one)), ("Expected", _say(one.expected, one))]
        if one.lower is not None and one.upper is not None:
            rows[1] = ("Expected", f"{rows[1][1]} ({_say(one.lower, one)} to {_say(one.upper, one)})")
    if one.difference is not None:
        rows.append(("Difference", signed(one.difference, one.format, one.unit)))
    if one.at_stake is not None:
        name = "At stake" if one.state == "open" else "Cost"
        rows.append((name, money(one.at_stake.amount, one.at_stake.currency)))
    opened = when(datetime.fromisoformat(one.opened))
    if one.resolved is None:
        rows.append(("Since", opened))
    else:  # quiet buckets make sure that it is over, and are no part of it
        over = (
            one.until if one.reason in ("quiet", "ended") and one.warning is None and one.data is None else one.resolved
        )
        rows.append(("Lasted", f"{opened} to {when(datetime.fromisoformat(over))}"))
    if one.assignee:
        rows.append(("Assigned to", one.assignee))
    return rows


_H = "font-size:18px;line-height:24px;margin:0 0 8px"
_BODY = "font-family:'Source Sans 3',system-ui,sans-serif;font-size:15px;line-height:21px;color:#1b2327"
_PICTURE = (
    "<p style='margin:12px 0'><img src='cid:chart' width='640' style='display:block;width:100%;max-width:640px;height:auto' "
    "alt='The line against its expected range'><span style='font-size:12px;color:#6b7478'>Grey is what was expected.</span></p>"
)
_BUTTON = (
    "display:inline-block;padding:6px 12px;background:#0b5f73;color:#ffffff;text-decoration:none;border-radius:3px"
)


def _html(body: str) -> str:
    head = '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>'
    return f'<!doctype html><html>{head}<body style="{_BODY}">{body}</body></html>'


def _block(head: str, lines: Sequence[str], link: str | None) -> str:
    says = "".join(f"<p style='margin:0 0 6px'>{html.escape(line)}</p>" for line in lines if line)
    title = html.escape(head)
    linked = title if link is None else f"<a href=\"{html.escape(link)}\" style='color:#0b5f73'>{title}</a>"
    return f"<div style='margin:0 0 16px'><p style='margin:0;font-weight:600'>{linked}</p>{says}</div>"


def _page(
    subject: str, lines: Sequence[str], rows: Sequence[tuple[str, str]], link: str | None, has_chart: bool
) -> str:
    says = "".join(f"<p style='margin:0 0 6px'>{html.escape(line)}</p>" for line in lines if line)
    cells = "".join(
        f"<tr><td style='padding:1px 16px 1px 0;color:#4a5559'>{name}</td><td>{html.escape(value)}</td></tr>"
        for name, value in rows
    )
    picture = _PICTURE if has_chart else ""
    button = "" if link is None else f'<p><a href="{html.escape(link)}" style="{_BUTTON}">Open the incident</a></p>'
    return _html(f"<h2 style='{_H}'>{html.escape(subject)}</h2>{says}<table>{cells}</table>{picture}{button}")
