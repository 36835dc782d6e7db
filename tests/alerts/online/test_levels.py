"""What comes back to where it was is little news to hours; what is new is, and an outage at once. Days know one level only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lapwing.alerts.chance import Floats, Kind
from lapwing.alerts.detect import Setting, detect
from lapwing.alerts.evidence import evidence
from lapwing.alerts.online.constants import Tuning
from lapwing.alerts.season import gathering, tuning
from lapwing.model.grain import Grain
from lapwing.model.monitor import SENSITIVITY

HOURLY = Grain.parse("hour")
HOURS = np.arange(7 * 168)
SEASON = np.stack([HOURS % 168, HOURS % 24])
TUNED = tuning(HOURLY)
FALL, END = 800, 1000


def scores(rate: Floats, tuned: Tuning = TUNED) -> Floats:
    """Of 20 series of counts with noise of their own."""
    random = np.random.default_rng(0)
    values = random.poisson(rate * np.exp(random.normal(0, 0.08, (20, len(HOURS))))).astype(float)
    return detect(values, SEASON, Setting(kind=Kind.COUNT, tuning=tuned)).score


def test_the_end_of_a_fall_is_less_news_than_a_rise() -> None:
    fallen, risen = np.full((2, len(HOURS)), 200.0)
    fallen[FALL:END] *= 0.6
    risen[END:] *= 1 / 0.6
    found = scores(fallen)
    fell, ended = (found[:, at : at + 6].mean() for at in (FALL, END))
    alone = scores(fallen, replace(TUNED, lasting=0.0))
    assert fell < -3
    assert ended < 0.75 * alone[:, END : END + 6].mean()
    assert scores(risen)[:, END : END + 6].mean() > 1.5 * ended


def test_an_outage_is_told_in_its_first_hour() -> None:
    """Of thirty an hour, which is all that a single hour can tell."""
    rate = np.full(len(HOURS), 30.0)
    rate[FALL:] = 0
    found = evidence(scores(rate), gathering(HOURLY))
    assert (found[:, FALL] <= -SENSITIVITY).all()


def test_days_have_one_level() -> None:
    day = Grain.parse("day")
    assert tuning(day).lasting == 0
    assert TUNED.lasting > 3 * TUNED.level
    assert gathering(day).often < gathering(HOURLY).often
