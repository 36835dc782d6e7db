"""What came of the budget: how many alarms were raised lately, and what people said of them."""

from __future__ import annotations

from collections.abc import Iterable

from lapwing.alerts.cases import Case
from lapwing.alerts.views.board import AlarmsView
from lapwing.model.calendar import DAY

WEEKS = 4
"""How far back it is counted."""


def realised(shown: Iterable[Case], budget: float | None, moment: int) -> AlarmsView:
    """Of the incidents that the board showed in the weeks before a moment; those that another stands for are not counted,
    early warnings neither. `budget`: how many a week were allowed."""
    lately = [case for case in shown if moment - WEEKS * 7 * DAY < case.known_at <= moment]
    useful = sum(case.life.useful is True for case in lately)
    against = sum(case.life.useful is False for case in lately)
    gone = sum(case.life.useful is None and case.life.state == "retracted" for case in lately)
    return AlarmsView(
        weeks=WEEKS,
        budget=budget,
        raised=len(lately),
        per_week=round(len(lately) / WEEKS, 2),
        useful=useful,
        not_useful=against,
        taken_back=gone,
        no_word=len(lately) - useful - against - gone,
    )
