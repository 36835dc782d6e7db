"""What incidents about data mean for those of metrics: some are only that, of others it is said that they may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lapwing.alerts.data.finding import FOLDS
from lapwing.alerts.life import life
from lapwing.alerts.record import STEPS, Record
from lapwing.alerts.views.incident import IncidentSummary
from lapwing.model.calendar import to_us
from lapwing.model.expression import measures
from lapwing.model.grain import Grain
from lapwing.model.problem import LapwingError, WrongUse
from lapwing.model.project import Project

DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Doubt:
    """The data of a dataset in [start, end) (UTC microseconds) is in doubt; `by` is the incident that says so."""

    by: int
    kind: str
    dataset: str
    start: int
    end: int
    says: str

    @property
    def folds(self) -> bool:
        """What metrics show there says nothing about the business."""
        return self.kind in FOLDS


def doubts(records: Iterable[Record], moment: int) -> tuple[Doubt, ...]:
    """Those of a moment: of incidents that are open then. What is mended is judged again, and then is what it is."""
    out = []
    for record in records:
        if not life(record.lines, moment).open:
            continue
        told = [line.data for line in record.known(moment) if line.kind in STEPS]
        start, end = int(told[0]["start"]), told[-1]["end"]
        until = 1 << 62 if end is None else int(end)
        out.append(
            Doubt(record.id, record.about["check"], record.about["dataset"], start, until, str(told[-1]["says"]))
        )
    return tuple(out)


class Doubtful:
    """Which metrics rest on what is in doubt."""

    def __init__(self, project: Project, found: Sequence[Doubt]) -> None:
        self._project = project
        self._found = found

    def of(self, metric: str, start: int, grain: str) -> Doubt | None:
        """Why what a metric shows from the bucket at `start` on is in doubt; one that explains it before others."""
        if not self._found:
            return None
        try:
            dataset, asked = self._project.metric(metric)
        except LapwingError:
            return None
        on = {dataset.name, *(ref.dataset for ref in measures(asked.expression))}
        end = start + _length(grain)
        there = [one for one in self._found if one.dataset in on and one.start < end and start < one.end]
        return min(there, key=lambda one: (not one.folds, one.by), default=None)


def marked(found: Sequence[IncidentSummary], doubtful: Doubtful) -> list[IncidentSummary]:
    """All of them; of those of metrics it is said what is in doubt."""
    return [
        one
        if one.kind == "data" or (doubt := doubtful.of(one.metric, _us(one.opened), one.grain)) is None
        else replace(one, doubt=f"The data is in doubt: {doubt.says}")
        for one in found
    ]


def folded(found: Sequence[IncidentSummary], doubtful: Doubtful) -> list[IncidentSummary]:
    """Those to show: metrics' incidents that one about data explains count there, the others say what is in doubt."""
    out: list[IncidentSummary] = []
    counted: dict[int, int] = {}
    for one in found:
        doubt = None if one.kind in ("data", "so_far") else doubtful.of(one.metric, _us(one.opened), one.grain)
        if doubt is not None and doubt.folds and one.state == "open":
            counted[doubt.by] = counted.get(doubt.by, 0) + 1 + one.folded
        else:
            out.append(one if doubt is None else replace(one, doubt=f"The data is in doubt: {doubt.says}"))
    return [replace(one, folded=counted[one.id]) if one.id in counted else one for one in out]


def _length(grain: str) -> int:
    try:
        return Grain.parse(grain).fixed or DAY
    except WrongUse:
        return DAY


def _us(moment: str) -> int:
    return to_us(datetime.fromisoformat(moment))
