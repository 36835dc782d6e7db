"""Incidents about data on the pages: their record, drawn with the rows of the days around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lapwing.alerts.bygone import bygone
from lapwing.alerts.data.facts import Facts, Rows
from lapwing.alerts.life import life
from lapwing.alerts.ready.constants import DAY
from lapwing.alerts.record import Record
from lapwing.alerts.views.incident import IncidentSummary, IncidentView
from lapwing.alerts.views.view import Chart, listed

BEFORE = {"late": 3 * DAY}
"""What is drawn before an incident, where it is not four weeks."""


def view(record: Record, facts: Mapping[str, Facts], moment: int, zone: str) -> IncidentView:
    """An incident as it was known at a moment.

    Raises:
        NotFound: nobody knew of it yet.
    """
    told = bygone(record, moment, zone)
    of = facts.get(str(record.about["dataset"]))
    hourly = record.about["check"] == "late"
    rows = None if of is None else of.rows if hourly else of.days
    if rows is None or told.summary.data is None:
        return told
    start = int(record.lines[0].data["start"])
    ended = life(record.lines, moment).ended
    chart = _chart(rows, start - BEFORE.get(str(record.about["check"]), 28 * DAY), ended or moment)
    return replace(told, summary=replace(told.summary, chart=chart, grain=str(rows.grain)))


def summaries(records: Sequence[Record], facts: Mapping[str, Facts], moment: int, zone: str) -> list[IncidentSummary]:
    """All that people could know of at a moment, the oldest first."""
    return [view(record, facts, moment, zone).summary for record in records if life(record.lines, moment).told]


def _chart(rows: Rows, start: int, end: int) -> Chart:
    """Rows against what was expected; those of buckets that are not over are left out."""
    stop = min(rows.complete(end), len(rows.held))
    part = np.s_[int(np.searchsorted(rows.borders[:-1], start)) : stop]
    found = rows.expected
    ready = np.where(found.ready[0, part], 1.0, np.nan)
    held, lower, upper = rows.held[part], found.lower[0, part] * ready, found.upper[0, part] * ready
    return Chart(
        time=(rows.borders[:-1][part] // 1000).tolist(),
        actual=listed(held),
        expected=listed(found.expected[0, part] * ready),
        lower=listed(lower),
        upper=listed(upper),
        outside=((held < lower) | (held > upper)).tolist(),
        until=end // 1000,
    )
