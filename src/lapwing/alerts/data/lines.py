"""What a look adds to the records of a dataset's incidents: one for each kind, which opens, grows, and ends when it is mended.

A look sees what nobody can see later: what a source had at noon. So what it found is written down as it was found, and
the record is the whole truth of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lapwing.alerts.data.constants import GREW, LATE_BACK
from lapwing.alerts.data.finding import Finding
from lapwing.alerts.life import life
from lapwing.alerts.record import STEPS, Happened, Record, added_at

Lines = list[Happened]


def of(records: Iterable[Record], kind: str) -> Record | None:
    """The latest incident of a kind."""
    found = [one for one in records if one.about.get("check") == kind]
    return max(found, key=lambda one: one.id, default=None)


def additions(record: Record | None, finding: Finding | None, at: int, *, explained: bool = False) -> Lines:
    """The lines that a finding, or that there is none, adds to a kind's latest incident; where that is over, the first ones
    of a new incident. `explained`: something else is found that is the reason, so that this one is not over."""
    now = None if record is None else life(record.lines)
    lines = () if record is None else record.lines
    if now is None or record is None or not now.open:
        if finding is None:
            return []
        if now is not None and now.reason in ("by_hand", "new_normal") and _told(lines).get("start") == finding.start:
            return []  # somebody said that it is well as it is
        opened = [_line(1, "opened", at, finding)]
        return [*opened, _line(2, "resolved", at, finding)] if finding.quiet else opened
    number, at = max(line.number for line in lines) + 1, added_at(lines, at)
    if finding is None:
        if explained:
            return []
        before = _told(lines)
        lost = record.about.get("check") == "late" and int(before.get("start", at)) <= at - LATE_BACK
        says = "It did not come, and is waited for no longer." if lost else "It is mended."
        data = {**before, "found": before.get("says", ""), "says": says}
        return [Happened(number=number, kind="resolved", at=at, recorded=at, bucket=at, data=data)]
    if finding.size >= GREW * float(_told(lines).get("size", finding.size)):
        return [_line(number, "grew", at, finding)]
    return []


def is_quiet(record: Record) -> bool:
    """Whether it is worth a line in the records, and nobody's attention."""
    return bool(record.lines) and bool(record.lines[0].data.get("quiet"))


def is_new(record: Record | None) -> bool:
    """Whether what is found next is an incident of its own."""
    return record is None or not life(record.lines).open


def _told(lines: Iterable[Happened]) -> dict[str, Any]:
    """The numbers that were told last."""
    last = [line for line in lines if line.kind in STEPS]
    return dict(last[-1].data) if last else {}


def _line(number: int, kind: str, at: int, finding: Finding) -> Happened:
    numbers = {name: getattr(finding, name) for name in ("actual", "expected", "lower", "upper")}
    actual, expected = finding.actual, finding.expected
    difference = None if actual is None or expected is None else actual - expected
    data = {
        "says": finding.says,
        "first": finding.start,
        "start": finding.start,
        "end": finding.end,
        "until": at if finding.end is None else finding.end,
        "size": finding.size,
        "quiet": finding.quiet,
        **numbers,
        "difference": difference,
    }
    return Happened(number=number, kind=kind, at=at, recorded=at, bucket=at, data=data)
