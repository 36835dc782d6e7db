"""A budget is kept on series in which nothing happens; votes make later alarms better and cost few incidents."""

from __future__ import annotations

import pytest
from benchmarks.alerts.budget import kept_by, monitors
from benchmarks.alerts.feedback import monitors_of, outcomes
from benchmarks.alerts.injected.make import CHOOSING, DAILY, HOURLY

from lapwing.model.grain import Grain

pytestmark = pytest.mark.long


def test_a_budget_is_kept() -> None:
    (kept,) = kept_by(monitors(HOURLY, CHOOSING, 12), HOURLY, [3.0])
    assert kept.alone > 3 * kept.asked
    assert 0.4 < kept.ratio < 1.3


@pytest.mark.parametrize("grain", [DAILY, HOURLY])
def test_precision_rises_and_recall_stays(grain: Grain) -> None:
    without, voted = outcomes(monitors_of(grain, CHOOSING, 40, 3.0))
    assert voted.figures()["precision"] >= without.figures()["precision"]
    assert voted.figures()["recall"] >= without.figures()["recall"] - 0.05
    assert voted.false.total() < without.false.total()
