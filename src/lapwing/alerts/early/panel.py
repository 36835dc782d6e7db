"""The series among which leaders and followers are looked for: what monitors watch at one grain, and what it is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lapwing.alerts.cases import Known
from lapwing.alerts.chance import Floats
from lapwing.alerts.early.constants import LEAD_DAYS, LEAD_EVERY, LEAD_HOURS, MOST_LEADERS
from lapwing.alerts.early.leading import Foretold, Pair, foretold
from lapwing.alerts.early.tree import upstream
from lapwing.alerts.early.unwatched import together
from lapwing.alerts.history import Slice
from lapwing.alerts.inputs import Ready, not_learned
from lapwing.alerts.judged import Judged
from lapwing.model.calendar import edges
from lapwing.model.grain import Grain, Unit
from lapwing.model.project import Project

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

GRAINS = (Grain(1, Unit.DAY), Grain(1, Unit.HOUR))
FOLLOWING = "leading"
"""The kind of warning that a monitor may switch off."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """R series over T buckets between `borders` (T + 1, UTC microseconds): `judged` has the whole of each as its last row.
    `values`, `expected` and `score` (R, T) are nan where nothing is known. `told`: by row, what its leaders foretold."""

    judged: tuple[Judged, ...]
    borders: npt.NDArray[np.int64]
    values: Floats
    expected: Floats
    score: Floats
    within: int
    told: dict[int, list[Foretold]]

    @property
    def complete_after(self) -> int:
        """Microseconds after a bucket's end at which all of them are complete."""
        return max(one.complete_after for one in self.judged)


def version(group: Sequence[Known]) -> str:
    """Of all that a panel rests on."""
    return hashlib.sha256(" ".join(f"{one.definition} {one.data}" for one in group).encode()).hexdigest()[:16]


def panel(lapwing: Lapwing, group: Sequence[Known], ready: Ready = not_learned) -> Panel:
    """Of monitors of one grain: the wholes that they watch and, by the day, the metrics of the same datasets, those that the
    watched ones are made of first. By the hour these would take longer than all monitors together."""
    grain, project = group[0].judged.monitor.grain, lapwing.project
    watched = {
        (one.judged.monitor.metric, _slice(one.judged)): one.judged for one in reversed(group) if one.judged.slices
    }
    judged = list(watched.values())[::-1]
    if grain.unit is Unit.DAY:
        judged += _beside(lapwing, judged, ready)
    judged = [one for one in judged if len(one.borders) > 1]
    if not judged:
        nothing = np.empty((0, 0))
        return Panel((), np.zeros(1, np.int64), nothing, nothing, nothing, LEAD_DAYS, {})
    first, last = min(int(one.borders[0]) for one in judged), max(int(one.borders[-1]) for one in judged)
    borders = edges(grain, project.timezone, first, last, project.week_start)
    values, expected, score = (np.full((len(judged), len(borders) - 1), np.nan) for _ in range(3))
    for row, one in enumerate(judged):
        start = int(np.searchsorted(borders, one.borders[0]))
        part = np.s_[row, start : start + len(one.borders) - 1]
        values[part], expected[part], score[part] = one.actual[-1], one.detection.expected[-1], one.detection.score[-1]
    within, every = (LEAD_HOURS, 24 * LEAD_EVERY) if grain.unit is Unit.HOUR else (LEAD_DAYS, LEAD_EVERY)
    pairs = list(_pairs(project, judged))
    return Panel(tuple(judged), borders, values, expected, score, within, dict(foretold(score, pairs, within, every)))


def _slice(judged: Judged) -> Slice:
    """What the whole of a monitor is within."""
    return judged.slices[-1]


def _beside(lapwing: Lapwing, watched: Sequence[Judged], ready: Ready) -> list[Judged]:
    """Metrics of the same datasets that nobody watches, as a whole: those that watched ones are made of first."""
    known = {one.monitor.metric for one in watched if not _slice(one)}
    followed = {one.monitor.metric for one in watched}
    names: list[str] = []
    for name in dict.fromkeys(one.monitor.dataset for one in watched):
        dataset = lapwing.project.datasets[name]
        above = [leader for leader, follower in upstream(dataset) if follower in followed]
        names += [*above, *(f"{name}.{metric}" for metric in dataset.metrics)]
    chosen = [name for name in dict.fromkeys(names) if name not in known][:MOST_LEADERS]
    return together(lapwing, chosen, watched[0].monitor.grain, ready) if watched else []


def _pairs(project: Project, judged: Sequence[Judged]) -> Iterator[Pair]:
    """Leaders of the same slice or, of the whole, of any dataset, for every row that somebody follows."""
    trees = {name: upstream(project.datasets[name]) for name in {one.monitor.dataset for one in judged}}
    for follower, of in enumerate(judged):
        if not of.monitor.name or FOLLOWING not in of.monitor.warnings:
            continue
        for leader, by in enumerate(judged):
            alike = by.monitor.dataset == of.monitor.dataset and _slice(by) == _slice(of)
            if leader == follower or not (alike or not _slice(by)):
                continue
            power = trees[of.monitor.dataset].get((by.monitor.metric, of.monitor.metric)) if alike else None
            for sign in (1, -1):
                yield Pair(leader, follower, sign, tree=power == sign)
