"""Goals and limits are of a metric that adds up or is a ratio; the amounts of a table begin with a period."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lapwing.model.calendar import FIRST, floor
from lapwing.model.checks.monitors import Monitors
from lapwing.model.checks.names import bad_name
from lapwing.model.documents.goals import Amounts, GoalDocument
from lapwing.model.documents.project import ProjectDocument
from lapwing.model.documents.read import Draft
from lapwing.model.goal import Goal, Limit
from lapwing.model.problem import Problem

Moment = Callable[..., tuple[int, int] | None]
"""Of a text at a place in the file: [start, end); a text that is none is told."""


def goals(main: Draft[ProjectDocument], resolve: Monitors, moment: Moment) -> Iterator[Goal]:
    """The goals without mistakes; the mistakes are in `resolve.problems`."""
    for name, document in main.document.goals.items():
        resolve.problems.extend(bad_name(name, main.located.key("goals", name)))
        found = resolve.found(name, document, main.located)
        amounts = tuple(_amounts(name, document, main, resolve, moment))
        if found is not None and amounts:
            dataset, metric = found
            yield Goal(
                name=name,
                dataset=dataset.name,
                metric=f"{dataset.name}.{metric.name}",
                period=document.period,
                aim=document.aim,
                amounts=tuple(sorted(amounts)),
                slice=tuple(document.slice.items()),
                tolerance=document.room,
                chance=document.chance,
                place=main.located.key("goals", name),
            )


def _amounts(
    name: str, document: GoalDocument, main: Draft[ProjectDocument], resolve: Monitors, moment: Moment
) -> Iterator[tuple[int, float]]:
    given: Amounts | None = getattr(document, document.aim)
    if isinstance(given, float):
        yield FIRST, given
        return
    for text, amount in (given or {}).items():
        place = ("goals", name, str(document.aim), text)
        found = moment(text, *place)
        if found is None:
            continue
        start = floor(found[0], document.period, main.document.timezone, main.document.week_start)
        if start != found[0]:
            says = f"No {document.period} begins with {text}."
            hint = f"Write the first day of the {document.period} from which the amount holds."
            resolve.problems.append(Problem("not-a-period", says, main.located.key(*place), hint=hint))
        yield found[0], amount


def limits(main: Draft[ProjectDocument], resolve: Monitors) -> Iterator[Limit]:
    """The limits without mistakes; the mistakes are in `resolve.problems`."""
    for name, document in main.document.limits.items():
        resolve.problems.extend(bad_name(name, main.located.key("limits", name)))
        if found := resolve.found(name, document, main.located):
            dataset, metric = found
            yield Limit(
                name=name,
                dataset=dataset.name,
                metric=f"{dataset.name}.{metric.name}",
                grain=document.grain,
                above=document.above,
                below=document.below,
                ahead=document.ahead,
                slice=tuple(document.slice.items()),
                chance=document.chance,
                place=main.located.key("limits", name),
            )
