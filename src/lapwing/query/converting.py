"""Which buckets of a conversion are not final yet: less time has passed after them than rows have to be followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from lapwing.model import calendar
from lapwing.model.dataset import Followed
from lapwing.model.duration import exactly
from lapwing.model.expression import measures
from lapwing.query.resolve import Resolved
from lapwing.query.table import Part

Span = tuple[int, int] | None


def still_converting(resolved: Resolved, parts: Mapping[str, Part], span: Callable[[str], Span]) -> Iterator[str]:
    """A note for each metric of which some buckets may still rise; `span` tells from when to when a dataset has data."""
    for name, (_, metric) in resolved.metrics.items():
        for ref in measures(metric.expression):
            part = parts[ref.dataset]
            followed = part.dataset.measures[ref.measure].followed
            if followed is not None and (says := _says(name, followed, part, part.times.taken[ref].ends, span)):
                yield says
                break


def _says(name: str, followed: Followed, part: Part, ends: calendar.Moments, span: Callable[[str], Span]) -> str | None:
    known = span(followed.rows.name)
    until = part.known.since if known is None else known[1]
    last = np.minimum(ends, part.known.end) + followed.microseconds
    count = int(np.count_nonzero(last > until))
    if not count:
        return None
    which = f" in {count:,} of {len(ends):,} buckets" if len(ends) > 1 else ""
    goal = followed.rows.name
    told = f"the data of {goal} ends at {calendar.utc_iso(until)}" if known else f"{goal} has no data"
    return f"{name} may still rise{which}: rows have {exactly(followed.within)} to be followed, and {told}."
