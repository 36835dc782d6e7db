"""Incidents of buckets that are not complete on the pages: their record, and the line with what is there so far at its end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lapwing.alerts.bygone import bygone
from lapwing.alerts.charts import bucket_at, window
from lapwing.alerts.life import life
from lapwing.alerts.ready.so_far import SoFarKeeper, Young
from lapwing.alerts.record import Record
from lapwing.alerts.views.incident import IncidentSummary, IncidentView
from lapwing.alerts.views.view import Chart, listed
from lapwing.model.calendar import DAY


def view(keeper: SoFarKeeper, record: Record, moment: int, zone: str) -> IncidentView:
    """One as it was known at a moment.

    Raises:
        NotFound: nobody knew of it yet.
    """
    told = bygone(record, moment, zone)
    young = keeper.young(record)
    return told if young is None else replace(told, summary=replace(told.summary, chart=_chart(young, record, moment)))


def summaries(keeper: SoFarKeeper, moment: int, zone: str) -> list[IncidentSummary]:
    """All that people could know of at a moment, the oldest first."""
    return [
        view(keeper, record, moment, zone).summary for record in keeper.records() if life(record.lines, moment).told
    ]


def _chart(young: Young, record: Record, moment: int) -> Chart:
    """The complete buckets before, and the one that is not: as it was told, against what is usual at its age."""
    judged, told = young.judged, record.lines[0].data
    before = 2 * DAY if judged.monitor.grain.fixed else 28 * DAY
    chart = window(judged, young.row, young.start - before, bucket_at(judged, young.start))

    def last(name: str) -> list[float | None]:
        return listed(np.array([told[name]], float))

    return Chart(
        time=[*chart.time, young.start // 1000],
        actual=[*chart.actual, *last("actual")],
        expected=[*chart.expected, *last("expected")],
        lower=[*chart.lower, *last("lower")],
        upper=[*chart.upper, *last("upper")],
        outside=[*chart.outside, True],
        until=min(moment, int(judged.borders[young.bucket + 1])) // 1000,
    )
