"""What readiness is worth: false alarms with and without it, the lead of judging at equal age, and late data that is found."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.alerts.data.feeds import ads, made
from benchmarks.alerts.data.replay import Replayed, Told, replayed

LEARN = 14
"""Days that are looked at before anything counts."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flag of this part."""
    parser.add_argument("--data", action="store_true", help="readiness: half-arrived data, intraday judging, late data")


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints a row for each feed; the figures of all likewise."""
    if not options.data:
        return None
    feeds = [*made(11, 42 if options.small else 120), ads(300_000 if options.small else 2_000_000)]
    found = [replayed(feed, LEARN) for feed in feeds]
    rows = [figures(one) for one in found]
    names = list(rows[0])
    print(
        "\nReadiness: a feed in a row. Alarms that are false (their bucket is usual in the end) are a week of one series."
    )
    print(" | ".join(names))
    for row in rows:
        print(" | ".join(str(row[name]) for name in names))
    return {"feeds": rows, "all": together(found)}


def figures(one: Replayed) -> dict[str, Any]:
    """Of one feed."""
    return {
        "feed": one.feed.name,
        "complete after, h": one.after,
        "false as it arrives": _a_week(one.arrived, one),
        "false when ready": _a_week(one.ready, one),
        "false hours so far": _a_week(one.hours, one),
        "false days so far": _a_week(one.days, one),
        "lead of hours, h": _median(one.hours.lead),
        "lead of days, h": _median(one.days.lead),
        "late found": f"{one.late} of {len(one.feed.held)}",
        "false late": round(one.late_false / one.weeks, 2),
        "late told after, h": _median(one.late_delay),
    }


def together(found: Sequence[Replayed]) -> dict[str, float]:
    """Of all feeds: alarms a week and series, and shares."""
    weeks = sum(one.weeks for one in found)
    held = sum(len(one.feed.held) for one in found)
    so_far = [told for one in found for told in (one.hours, one.days)]
    right, false = (sum(getattr(told, name) for told in so_far) for name in ("right", "false"))
    return {
        "false as it arrives": round(sum(one.arrived.false for one in found) / weeks, 3),
        "false when ready": round(sum(one.ready.false for one in found) / weeks, 3),
        "false so far": round(false / weeks, 3),
        "so far that are right": round(right / max(right + false, 1), 3),
        "median lead, h": _median([lead for told in so_far for lead in told.lead]) or 0.0,
        "late recall": round(sum(one.late for one in found) / max(held, 1), 3),
        "false late": round(sum(one.late_false for one in found) / weeks, 3),
    }


def _a_week(told: Told, one: Replayed) -> float:
    return round(told.false / one.weeks, 2)


def _median(values: Sequence[float]) -> float | None:
    return float(statistics.median(values)) if values else None
