"""The lines of a record that are not steps of the data, in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from lapwing.alerts.record import Happened
from lapwing.alerts.words import when
from lapwing.model.calendar import from_us

_CLOSED = {
    "confirmed": "Its bucket is complete by now, and confirms it: the incident of the metric goes on from here.",
    "redefined": "Its metric or its monitor is defined differently now, and is judged anew. The numbers are those of before.",
    "deleted": "Its metric or its monitor is no more.",
    "unfollowed": "Nobody follows it any more.",
}
_RETRACTED = {
    "late_data": "Data that came later shows nothing unusual. What was told stays in this record.",
    "maintenance": "It lies in a maintenance window.",
    "complete": "Its bucket is complete by now, and inside its range.",
    "arrived": "With what has come since it is inside the range of its age.",
    "redefined": "By what its metric or its monitor is now, there was nothing unusual.",
}

_WITHDRAWN = {
    "late_data": "the data was restated",
    "maintenance": "they lie in a maintenance window",
    "redefined": "the metric or the monitor is defined differently now",
}


def said(line: Happened, zone: str) -> str:
    """What somebody did, or what was corrected, as a sentence."""
    data, by = line.data, f"By {line.who}." if line.who else ""
    match line.kind:
        case "assigned":
            return f"To {data['to'] or 'nobody'}, by {line.who}."
        case "snoozed":
            return f"Until {_when(int(data['until']), zone)}, by {line.who}."
        case "voted":
            word = {True: "Useful", False: "Not useful", None: "The word on its use was taken back"}[data["useful"]]
            return f"{word}. {by}"
        case "accepted":
            since = data.get("since")
            level = (
                "" if since is None else f" The level since {_when(int(since), zone)} is what is expected from now on."
            )
            return f"{by}{level}"
        case "closed":
            return by or _CLOSED.get(str(data["reason"]), "It is judged no longer.")
        case "reopened":
            return by or "It is judged again."
        case "retracted":
            return _RETRACTED.get(str(data["reason"]), "It is told no longer.")
        case "withdrawn":
            count = len(data["of"])
            steps = "One of the steps above does" if count == 1 else f"{count} of the steps above do"
            return f"{steps} not hold any more: {_WITHDRAWN.get(str(data['reason']), 'it is judged anew')}."
        case _:
            return by


def _when(moment: int, zone: str) -> str:
    return when(from_us(moment).astimezone(ZoneInfo(zone)))
