"""The ads example from its events to its alerts: what the project's monitors raise, against the table of what happened."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np

from benchmarks.alerts.replays import EXAMPLES, Replay, aside, direction, replayed, slice_words
from lapwing.alerts.views.incident import IncidentSummary

SLICE = ("country", "device", "advertiser", "pricing")
AFTER = timedelta(days=14)
"""So long behind an incident what its metrics raise in its slice is put down to it."""
_EVENTS, _SMALL = 6_000_000, 600_000


@dataclass(frozen=True, slots=True)
class Label:
    """A row of the table of what happened; `slice` has no nulls, `metrics` say which way each moves."""

    name: str
    start: datetime
    end: datetime
    expected: bool
    slice: Mapping[str, str]
    metrics: Mapping[str, str]
    cost: float

    def meets(self, one: IncidentSummary, *, after: timedelta = timedelta()) -> bool:
        """At one time (or so long after), of one metric, of slices that do not exclude each other."""
        opened, until = (datetime.fromisoformat(text) for text in (one.opened, one.until))
        return (
            opened < self.end + after
            and self.start < until
            and (not self.metrics or one.metric.rpartition(".")[2] in self.metrics)
            and all(one.slice.get(name, value) == value for name, value in self.slice.items())
        )

    def explains(self, one: IncidentSummary) -> bool:
        """Expected, and it began within a day of it, or of clocks that change within so long behind."""
        opened, day = datetime.fromisoformat(one.opened), timedelta(days=1)
        behind = AFTER if "clocks change" in self.name else day
        return self.expected and self.start - day <= opened < self.end + behind and self.meets(one, after=behind)

    def is_found_by(self, one: IncidentSummary) -> bool:
        """It meets it, the way that it says, is told after its start, and is of nothing but its slice (of whatever there
        is, where it is of all)."""
        of = {name for name in self.slice if name != "pricing"}
        return (
            self.meets(one)
            and direction(one) == self.metrics.get(one.metric.rpartition(".")[2])
            and datetime.fromisoformat(one.known_at) > self.start
            and (not of or set(one.slice) <= set(self.slice))
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What became of an incident: the alert that told first, None: nobody told; and the money lost before."""

    label: Label
    first: IncidentSummary | None
    before: float

    @property
    def hours(self) -> float:
        """From its start to when people could know."""
        assert self.first is not None
        return (datetime.fromisoformat(self.first.known_at) - self.label.start) / timedelta(hours=1)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flag of this part."""
    parser.add_argument("--ads", action="store_true", help="the ads example, from its events to its alerts")


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints what became of each incident, and what else was raised; figures likewise."""
    if not options.ads:
        return None
    events = _SMALL if options.small else _EVENTS
    with aside("ads") as project, TemporaryDirectory(prefix="lapwing-calm-") as calm:
        for folder, flag in ((project / "data", "--incidents"), (Path(calm), "--no-incidents")):
            command = [sys.executable, str(EXAMPLES / "ads" / "generate.py"), "--events", str(events), flag]
            subprocess.run([*command, "--out", str(folder)], check=True, capture_output=True)
        with duckdb.connect() as con:
            known = read_labels(con, project / "data")
            replay = replayed(project)
            found = [judge(con, project / "data", Path(calm), label, replay.raised) for label in known if label.metrics]
    return report(known, found, replay, events)


def read_labels(con: duckdb.DuckDBPyConnection, data: Path) -> list[Label]:
    """The table of what happened."""
    con.execute("set timezone = 'UTC'")
    rows = con.execute(
        f"select incident, start_time, end_time, expected, metrics, cost, {', '.join(SLICE)}"
        f" from '{data}/incidents.parquet' order by start_time, incident"
    ).fetchall()
    return [
        Label(
            name=name,
            start=start,
            end=end,
            expected=expected,
            slice={key: value for key, value in zip(SLICE, values, strict=True) if value is not None},
            metrics=dict(metric.split(":") for metric in metrics.split(",") if metric),
            cost=float(cost),
        )
        for name, start, end, expected, metrics, cost, *values in rows
    ]


def judge(
    con: duckdb.DuckDBPyConnection, data: Path, calm: Path, label: Label, raised: Sequence[IncidentSummary]
) -> Found:
    """Who told first, and what was lost by then: spend of the calm market less that of the eventful one."""
    of = [one for one in raised if label.is_found_by(one)]
    first = min(of, key=lambda one: datetime.fromisoformat(one.known_at), default=None)
    if first is None or label.cost <= 0:
        return Found(label, first, max(label.cost, 0.0) if first is None else 0.0)
    where = " and ".join([*(f"{name} = '{value}'" for name, value in label.slice.items()), "true"])
    until = min(label.end, datetime.fromisoformat(first.known_at))
    spent = [
        con.execute(
            f"select coalesce(sum(spend), 0)::double from '{folder}/events/*.parquet' join '{folder}/campaigns.parquet'"
            f" using (campaign_id) where event_time >= $start and event_time < $until and {where}",
            {"start": label.start, "until": until},
        ).fetchone()
        for folder in (calm, data)
    ]
    (without,), (with_it,) = (row for row in spent if row is not None)
    return Found(label, first, min(max(without - with_it, 0.0), label.cost))


def others(known: Sequence[Label], raised: Sequence[IncidentSummary]) -> Iterator[tuple[IncidentSummary, str]]:
    """What was raised and is no incident, with what it may be about."""
    for one in raised:
        if any(not label.expected and label.is_found_by(one) for label in known):
            continue
        after = [label for label in known if not label.expected and label.metrics and label.meets(one, after=AFTER)]
        about = [label.name for label in known if label.explains(one)] or [f"after {label.name}" for label in after]
        yield one, about[0] if about else "nothing"


def report(known: Sequence[Label], found: Sequence[Found], replay: Replay, events: int) -> dict[str, Any]:
    """Prints it all."""
    print(f"\nThe ads example, {events:,} events of 90 days: {len(replay.raised)} raised\n")
    print(f"  {'incident':30} {'where':20} {'cost $':>8} {'lost before':>12} {'hours':>6}  told first by")
    told = [one for one in found if not one.label.expected]
    for one in told:
        where = ", ".join(one.label.slice.values()) or "all"
        line = f"  {one.label.name:30} {where:20} {one.label.cost:8.2f} {one.before:12.2f}"
        if one.first is None:
            print(f"{line} {'':6}  nobody")
        else:
            print(f"{line} {one.hours:6.0f}  {one.first.monitor} ({slice_words(one.first)})")
    false = list(others(known, replay.raised))
    print("\n  also raised:" + ("" if false else " nothing"))
    for raised, about in false:
        print(f"    {raised.known_at[:16]}  {raised.monitor:26} {slice_words(raised):22} {direction(raised):5} {about}")
    hit = [one for one in told if one.first is not None]
    a_week = len(false) / max(replay.series_weeks, 1e-9)
    f1 = 2 * len(hit) / max(1, len(hit) + len(told) + len(false))
    hours = [one.hours for one in hit]
    print(
        f"\n  {len(hit)} of {len(told)} incidents were raised; event F1 {f1:.3f}; {a_week:.3f} false alarms a series-week"
        + (f"; median {np.median(hours):.0f} hours after the start" if hours else "")
    )
    return {
        "incidents": len(told),
        "found": len(hit),
        "event F1": round(f1, 3),
        "false alarms": dict(Counter(about for _, about in false)),
        "false alarms a series-week": round(a_week, 4),
        "median hours": float(np.median(hours)) if hours else None,
        "cost": round(sum(max(one.label.cost, 0.0) for one in told), 2),
        "lost before": round(sum(one.before for one in told), 2),
        "missed": [one.label.name for one in told if one.first is None],
    }
