"""Channels, subscriptions and the record of deliveries as they are shown: without secrets, in words."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from lapwing.alerts.delivery.outbox import Sent
from lapwing.model.calendar import utc_iso
from lapwing.model.delivery import Channel, Delivery, Digest, Subscription

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def channels(config: Delivery) -> list[dict[str, Any]]:
    """Each with what may be shown of where it leads."""
    return [
        {
            "name": one.name,
            "type": one.type,
            "to": _to(one),
            "subscriptions": [name for name, of in config.subscriptions.items() if one.name in _ways(of)],
        }
        for one in config.channels.values()
    ]


def subscriptions(config: Delivery) -> list[dict[str, Any]]:
    """Who is told of what, and when."""
    return [
        {
            "name": one.name,
            "channels": list(one.channels),
            "about": about(one),
            "when": when(one),
            "escalation": _escalation(one),
        }
        for one in config.subscriptions.values()
    ]


def about(one: Subscription) -> str:
    """What a subscription is about, as a phrase."""
    parts = [
        *(name.replace(":", " ") if ":" in name else f"monitor {name}" for name in one.monitors),
        *(f"metric {name}" for name in one.metrics),
        *(f"tag {name}" for name in one.tags),
        *(f"data of {name}" for name in one.datasets),
    ]
    within = ", ".join(f"{name} = {value}" for name, value in one.slice.items())
    mine = f"what is assigned to {one.person}" if one.person else ""
    but = "" if one.warnings else ", no warnings"
    if not parts:
        return f"all, where {within}{but}" if within else mine or f"all{but}"
    said = ", ".join(parts) + (f", where {within}" if within else "") + but
    return f"{said}; {mine}" if mine else said


def when(one: Subscription) -> str:
    """When its messages go out."""
    if one.digest is not None:
        return _digest(one.digest)
    return "at once" if one.quiet is None else f"at once, except {_clock(one.quiet.start)} to {_clock(one.quiet.end)}"


def delivery(one: Sent) -> dict[str, Any]:
    """A line of the record."""
    return {
        "id": str(one.id),
        "key": one.key,
        "kind": one.kind,
        "channel": one.channel,
        "subscription": one.subscription,
        "incidents": [str(number) for number in one.incidents],
        "made": utc_iso(one.made),
        "due": utc_iso(one.due),
        "ended": None if one.ended is None else utc_iso(one.ended),
        "state": one.state,
        "attempts": one.attempts,
        "subject": one.subject,
        "trouble": one.trouble,
    }


def _to(one: Channel) -> list[str]:
    if one.type == "email":
        return list(one.to)
    parts = urlsplit(one.url or "")
    # The rest of an address may be what lets one in; of Apprise's, the host may be, too.
    return [f"{parts.scheme}://{parts.hostname}" if one.type == "webhook" else parts.scheme]


def _ways(one: Subscription) -> tuple[str, ...]:
    return one.channels if one.escalation is None else (*one.channels, *one.escalation.channels)


def _escalation(one: Subscription) -> str | None:
    if one.escalation is None:
        return None
    minutes = round(one.escalation.after.total_seconds() / 60)
    return f"after {minutes} min by {', '.join(one.escalation.channels)}"


def _digest(digest: Digest) -> str:
    day = "daily" if digest.weekday is None else f"{WEEKDAYS[digest.weekday]}s"
    return f"{day} at {_clock(digest.minute)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
