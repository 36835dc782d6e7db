"""Views are plain JSON: no nan, no long tails of digits."""

from __future__ import annotations

import json
import math

import numpy as np

from lapwing.alerts.service import Alerts
from lapwing.alerts.views.incident import AtStake
from lapwing.alerts.views.view import listed, plain


def test_what_is_no_number_is_null() -> None:
    assert plain({"a": [math.nan, (1.5, math.inf)], "b": {"c": None}}) == {"a": [None, [1.5, None]], "b": {"c": None}}
    assert listed(np.array([1 / 3, np.nan, 1e12])) == [0.333333333, None, 1e12]
    assert AtStake(amount=1.5, currency="USD").as_dict() == {"amount": 1.5, "currency": "USD"}


def test_whole_pages_are_json(alerts: Alerts) -> None:
    board = alerts.board().as_dict()
    assert json.loads(json.dumps(board, allow_nan=False)) == board
    for one in alerts.incidents():
        view = alerts.incident(one.id).as_dict()
        assert json.loads(json.dumps(view, allow_nan=False))["chart"] == view["chart"]
    assert sum(day["open"] for day in board["days"]) > 0
