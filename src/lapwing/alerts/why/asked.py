""" "Why did it change?", as people ask it: any two stretches of time, in any of the ways that times are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lapwing.alerts.beside import events_beside
from lapwing.alerts.why.change import Change
from lapwing.alerts.why.pair import pair_of
from lapwing.alerts.why.service import Question, Why, money
from lapwing.alerts.why.shown import change_json
from lapwing.alerts.why.stretches import Stretch, earlier
from lapwing.model.calendar import local_iso
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, WrongUse
from lapwing.model.timerange import parse_range

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`now` and `against` are any text that `model.timerange` reads, in `zone` (None: the project's); `against` None: the
    same hours of the weeks before. `where` is an SQL condition over dimensions, of which `fixed` are held at one value."""

    metric: str
    now: tuple[str, str]
    against: tuple[str, str] | None = None
    where: str | None = None
    fixed: tuple[str, ...] = ()
    by: tuple[str, ...] | None = None
    zone: str | None = None


def why(finder: Why, lapwing: Lapwing, asked: Asked) -> dict[str, Any]:
    """The change and its causes, JSON-ready.

    Raises:
        NotFound: no such metric or dimension.
        WrongUse: a time or a condition can't be read, or a stretch is empty.
    """
    project = lapwing.project
    dataset, metric = project.metric(asked.metric)
    for name in asked.by or ():
        if name not in dataset.dimensions:
            says = f"{dataset.name} has no dimension {name}."
            raise NotFound.of("unknown-dimension", says, nearest=nearest(name, dataset.dimensions))
    zone = asked.zone or project.timezone
    now = _stretch(lapwing, asked.now, zone)
    before = tuple(earlier(*now, zone)) if asked.against is None else (_stretch(lapwing, asked.against, zone),)
    found: Change = finder.find(
        Question(metric=asked.metric, now=now, before=before, where=asked.where, fixed=asked.fixed, by=asked.by)
    )

    def iso(moment: int) -> str:
        return local_iso(moment, zone)

    events = [event.as_dict() for event in events_beside(project, *now, zone)]
    stake = money(found, metric, dataset, pair_of(dataset, metric))
    return change_json(found, stake=stake, events=events, iso=iso)


def _stretch(lapwing: Lapwing, texts: tuple[str, str], zone: str) -> Stretch:
    project = lapwing.project
    start, end = parse_range(
        texts[0], texts[1], now=lapwing.now(), zone=zone, week_start=project.week_start, fiscal=project.fiscal_start
    )
    if start is None or end is None or start >= end:
        says = f"From {texts[0]} to {texts[1]} there is no time."
        raise WrongUse.of("range-needed", says, hint="Give a start and a later end, such as -7d/d and now/d.")
    return start, end
