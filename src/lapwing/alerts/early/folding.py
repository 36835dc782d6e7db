"""Which early warnings another stands for, and which incidents were foreseen.

A warning of what a metric will do itself (a slow drift, what its leader foretells) is part of the metric's own incident when
that comes; a slice's is part of the whole's; and of two of the same metric and slice the first is told. Goals and limits
are lines that people drew: what is told of them stays beside any incident.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lapwing.alerts.cases import Case
from lapwing.alerts.early.keeper import OF_MONITORS, EarlyKnown
from lapwing.alerts.early.words import left
from lapwing.alerts.life import life
from lapwing.alerts.views.incident import Foreseen
from lapwing.model.calendar import DAY, local_iso

SOON = 4 * DAY
"""After a warning's end, an incident that begins within so long is what it warned of."""
_NEVER = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A warning of a monitor as known at a moment."""

    id: int
    name: str
    kind: str
    metric: str
    slice: frozenset[tuple[str, object]]
    direction: int
    opened: int
    ended: int
    leader: str

    def like(self, other: _Said) -> bool:
        """At one time of the same metric to the same side."""
        together = self.opened <= other.ended and other.opened <= self.ended
        return together and (self.metric, self.direction) == (other.metric, other.direction)

    def before(self, case: Case) -> bool:
        """Of the same metric, slice and side as an incident, before or while that is open."""
        return (
            self.metric == case.judged.monitor.metric
            and self.direction == case.episode.direction
            and self.slice == frozenset(case.slice)
            and case.life.state != "retracted"
            and case.known_at <= self.ended + SOON
            and self.opened < (case.end or _NEVER)
        )


@dataclass(frozen=True, slots=True)
class Folding:
    """`under`: by warning, the incident or warning that stands for it. `parts`: how many warnings of its slices a warning
    stands for. `foreseen`: by incident, the first warning of it."""

    under: Mapping[int, int]
    parts: Mapping[int, int]
    foreseen: Mapping[int, Foreseen]


def folding(known: Sequence[EarlyKnown], found: Sequence[Case], moment: int, zone: str) -> Folding:
    """Of all that people could know at a moment (UTC microseconds); `found` are the incidents of then."""
    every = sorted(_said(known, moment), key=lambda one: (one.opened, len(one.slice), one.id))
    by_metric: dict[str, list[Case]] = {}
    for case in found:
        by_metric.setdefault(case.judged.monitor.metric, []).append(case)
    under: dict[int, int] = {}
    parts: dict[int, int] = {}
    foreseen: dict[int, Foreseen] = {}
    for one in every:
        incident = next((case for case in by_metric.get(one.metric, ()) if one.before(case)), None)
        if incident is not None:
            under[one.id] = incident.id
            if one.opened < incident.known_at:
                foreseen.setdefault(incident.id, _foreseen(one, incident, zone))
    standing = [one for one in every if one.id not in under]
    for one in standing:
        whole = next((each for each in standing if each.like(one) and each.slice < one.slice), None)
        first = next(
            (each for each in standing if each.like(one) and each.slice == one.slice and each.id != one.id), None
        )
        if whole is not None:
            under[one.id] = whole.id
            parts[whole.id] = parts.get(whole.id, 0) + 1
        elif first is not None and first.id not in under and standing.index(first) < standing.index(one):
            under[one.id] = first.id
    return Folding(under, parts, foreseen)


def _said(known: Sequence[EarlyKnown], moment: int) -> list[_Said]:
    out = []
    for one in known:
        if not one.early.name.startswith(OF_MONITORS):
            continue
        for record in one.records.values():
            now = life(record.lines, moment)
            if now.opened is None or now.state == "retracted":
                continue
            told = next((line.data.get("warning") or {} for line in now.steps), {})
            out.append(
                _Said(
                    id=record.id,
                    name=one.early.name,
                    kind=one.early.kind,
                    metric=str(record.about["metric"]),
                    slice=frozenset((name, value) for name, value in json.loads(record.key[0])),
                    direction=record.key[1],
                    opened=now.opened,
                    ended=_NEVER if now.ended is None else now.ended,
                    leader=str(told.get("leader") or ""),
                )
            )
    return out


def _foreseen(one: _Said, incident: Case, zone: str) -> Foreseen:
    before = left(incident.known_at - one.opened)
    says = (
        f"Foreseen {before} before, when {one.leader} moved."
        if one.leader
        else f"A slow drift was told {before} before."
    )
    return Foreseen(id=str(one.id), kind=one.kind, at=local_iso(one.opened, zone), says=says)
