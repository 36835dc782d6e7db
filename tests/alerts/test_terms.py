"""Series as arrays are judged as monitors are: one function for both."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.alerts.shop import monitor

from lapwing.alerts.almanac import effects
from lapwing.alerts.judged import judge
from lapwing.alerts.slices import parents
from lapwing.alerts.terms import Around, Terms, judge_series, smallest
from lapwing.model.dataset import Better
from lapwing.query.service import Lapwing


@pytest.mark.parametrize("name", ["failed_daily", "rate_hourly"])
def test_a_monitor_raises_what_its_arrays_do(shop: Lapwing, name: str) -> None:
    found = judge(shop, monitor(shop, name))
    zone = ZoneInfo(shop.project.timezone)
    around = Around(parents(found.slices), effects(found.borders, found.monitor.grain, zone))
    detection, raised = judge_series(found.borders[:-1], zone, found.actual, found.exposure, found.terms, around)
    np.testing.assert_array_equal(detection.score, found.detection.score)
    assert raised == found.episodes
    assert any(raised)


def test_terms_give_rules_and_the_smallest_change(shop: Lapwing) -> None:
    found = judge(shop, monitor(shop, "failed_daily"))
    terms = Terms(kind=found.terms.kind, ratio=False, grain=found.terms.grain, better=Better.UP, min_change=12.0)
    assert (terms.rules.direction, terms.rules.threshold) == (-1, 3.75)
    assert (smallest(found.detection, found.exposure, terms) == 12.0).all()
    assert (smallest(found.detection, found.exposure, replace(terms, min_change=None)) >= 3.0).all()
