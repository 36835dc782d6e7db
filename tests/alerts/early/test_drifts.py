"""Slow drift of slices, and what stands for it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tests.alerts.shop import FIRST, PROJECT, open_alerts, orders, write_shop

from lapwing.alerts.views.incident import IncidentSummary
from lapwing.query.service import Lapwing

DAILY = (
    PROJECT.split("monitors:")[0]
    + "monitors:\n  orders_daily: {{metric: orders, grain: day, by: [region], sensitivity: 10}}\n"
)
END = FIRST + timedelta(weeks=14)
SINCE = FIRST + timedelta(weeks=9)


def sliding(*regions: str, rate: float = 0.03) -> pa.Table:
    """From the tenth week on these regions lose a few per cent a day."""
    table = orders(end=END)
    random = np.random.default_rng(3)
    days = (table["at"].to_numpy().astype("datetime64[D]") - np.datetime64(SINCE)).astype(int)
    lost = 1 - (1 - rate) ** np.maximum(days, 0)
    there = pc.is_in(table["region"], value_set=pa.array(regions)).to_numpy()
    return table.filter(pa.array(~there | (random.random(len(days)) >= lost)))


def warned(root: Path, *regions: str) -> list[IncidentSummary]:
    write_shop(root, now=f"{END}T12:00", table=sliding(*regions), project=DAILY)
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing)
        alerts.replay()
        found = [one for one in alerts.incidents() if one.kind == "warning" and one.opened[:10] >= str(SINCE)]
        alerts.close()
    return found


def test_a_slice_that_slides_is_told_by_name(tmp_path: Path) -> None:
    (one,) = warned(tmp_path, "north")
    assert dict(one.slice) == {"region": "north"}
    assert one.warning is not None
    assert (one.warning.kind, one.warning.aim) == ("drift", "below")


def test_what_slides_everywhere_is_told_once(tmp_path: Path) -> None:
    (one,) = warned(tmp_path, "north", "south", "west")
    assert dict(one.slice) == {}
    assert one.folded >= 1
