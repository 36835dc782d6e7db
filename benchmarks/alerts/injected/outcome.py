"""Alarms against what is known: an incident counts once, a burst of false alarms once, and nothing is adjusted.

As on the board, an alarm of a slice is not told while one of the whole stands for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.alerts.injected.panel import Alarm, Alarms, Incident, Panel

AFTER = 14
"""Days behind an incident in which a false alarm is put down to it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one incident: buckets from its start to the alarm (None: missed), and the money it cost, in all and
    before people knew: the end of the bucket that told."""

    kind: str
    lead: int | None
    loss: float
    before: float
    evidence: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of some panels. `false` counts false alarms by what was going on, `noisy` by panel."""

    verdicts: tuple[Verdict, ...]
    false: Counter[str]
    weeks: float
    noisy: Counter[str] = field(default_factory=Counter)

    @property
    def found(self) -> int:
        return sum(one.lead is not None for one in self.verdicts)

    @property
    def f1(self) -> float:
        """Of events."""
        missed = len(self.verdicts) - self.found
        return 2 * self.found / max(1, 2 * self.found + missed + self.false.total())

    @property
    def false_a_week(self) -> float:
        """False alarms a series-week."""
        return self.false.total() / self.weeks

    def figures(self) -> dict[str, float]:
        """As they are printed and written."""
        leads = [one.lead for one in self.verdicts if one.lead is not None]
        shares = [one.before / one.loss for one in self.verdicts if one.loss > 0]
        return {
            "event F1": round(self.f1, 3),
            "precision": round(self.found / max(1, self.found + self.false.total()), 3),
            "recall": round(self.found / max(1, len(self.verdicts)), 3),
            "false alarms a series-week": round(self.false_a_week, 4),
            "median lead": float(np.median(leads)) if leads else float("nan"),
            "lost before the alert": round(float(np.mean(shares)), 3) if shares else float("nan"),
        }


def outcome(panels: Sequence[Panel], alarms: Iterable[Alarms]) -> Outcome:
    """Of all panels together."""
    verdicts: list[Verdict] = []
    false: Counter[str] = Counter()
    noisy: Counter[str] = Counter()
    for panel, raised in zip(panels, alarms, strict=True):
        counted = [incident for incident in panel.incidents if incident.start >= panel.first]
        verdicts += [_verdict(incident, raised) for incident in counted]
        for row, of_row in enumerate(raised):
            wholes = raised[-1] if row < len(raised) - 1 else ()
            for alarm in of_row:
                right = any(tells(alarm, alarm.opened, one, row) for one in counted)
                if alarm.opened >= panel.first and not right and not any(map(alarm.overlaps, wholes)):
                    false[_about(panel, alarm, row)] += 1
                    noisy[panel.name] += 1
    return Outcome(tuple(verdicts), false, sum(panel.weeks for panel in panels), noisy)


def tells(alarm: Alarm, at: int, incident: Incident, row: int) -> bool:
    """Whether an alarm of a series that speaks in a bucket speaks of an incident."""
    return row in incident.rows and alarm.direction == incident.direction and incident.start <= at < incident.end


def _verdict(incident: Incident, raised: Alarms) -> Verdict:
    told = [
        at - incident.start
        for row in incident.rows
        for alarm in raised[row]
        for at in alarm.told
        if tells(alarm, at, incident, row)
    ]
    loss = float(incident.loss.sum())
    if not told:
        return Verdict(incident.kind, None, loss, loss, incident.evidence)
    before = float(incident.loss[: min(told) + 1].sum())
    return Verdict(incident.kind, min(told), loss, before, incident.evidence)


def _about(panel: Panel, alarm: Alarm, row: int) -> str:
    """What was going on, or just had been."""
    at, day = panel.starts[alarm.opened], 86_400_000_000
    for one in panel.quiet:
        if panel.starts[one.start] <= at < panel.starts[one.start] + day * 2 + (one.end - one.start) * _step(panel):
            return one.kind
    for incident in panel.incidents:
        begins = panel.starts[incident.start]
        ends = begins + (incident.end - incident.start) * _step(panel) + AFTER * day
        if row in incident.rows and begins <= at < ends:
            return f"after {incident.kind}"
    return "nothing"


def _step(panel: Panel) -> int:
    return int(panel.starts[1] - panel.starts[0])
