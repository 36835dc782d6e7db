"""How warnings went, told of those that come after, also when their history is gone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.alerts.shop import PROJECT, open_alerts, orders, write_shop

from lapwing.alerts.early.outcomes import NOTHING, Hits, Outcome, Remembered, outcomes, since
from lapwing.alerts.early.warned import Warned
from lapwing.alerts.episode import Step
from lapwing.model.calendar import DAY
from lapwing.query.service import Lapwing

GOALS = """
goals:
  day: {{metric: orders, period: day, at_least: 400}}
"""


def one(opened: int, resolved: int, came: bool | None, due: int | None = None) -> Warned:
    return Warned(direction=-1, steps=(Step("opened", opened), Step("resolved", resolved)), came=came, due=due)


def test_hits_count_only_what_was_known() -> None:
    warned = [one(1, 5, True), one(10, 15, False), one(20, 25, True), one(27, 29, None)]
    found = outcomes(warned, np.array([5, 15, 25, 29]), np.arange(31) * DAY, 0, ((),))
    assert len(found) == 3
    assert Hits.of(found, 18 * DAY) == Hits(2, 1)
    assert Hits.of(found, 16 * DAY - 1) == Hits(1, 1)
    assert Hits.of(found, 18 * DAY).says() == "Of 2 such warnings before, 1 came true."
    assert Hits.of(found, 3 * DAY).says() == "There was no such warning before."


def test_their_lead_is_told() -> None:
    warned = [one(1, 9, True, due=9), one(10, 15, False, due=15), one(20, 25, True, due=25)]
    found = outcomes(warned, np.array([9, 15, 25]), np.arange(31) * DAY, 0, ((),))
    assert [one.lead for one in found] == [8 * DAY, 5 * DAY, 5 * DAY]
    assert Hits.of(found[:1], 31 * DAY).says() == "The one such warning before came true, 8 days later."
    assert Hits.of(found[1:2], 31 * DAY).says() == "The one such warning before did not come true."
    assert Hits.of(found[:2], 31 * DAY).says() == "Of 2 such warnings before, 1 came true, 8 days later."
    assert Hits.of(found, 31 * DAY).says() == "Of 3 such warnings before, 2 came true, usually 6 days later."


OUTCOMES = st.builds(
    Outcome,
    series=st.sampled_from(["[]", '[["a", "b"]]']),
    direction=st.sampled_from([-1, 1]),
    opened=st.integers(0, 100),
    came=st.booleans(),
    known=st.integers(0, 100),
    lead=st.none() | st.integers(0, 9),
)


@given(st.lists(OUTCOMES).map(tuple), st.integers(0, 100))
def test_what_is_kept_is_what_is_found_again(found: tuple[Outcome, ...], cut: int) -> None:
    kept = Remembered.unpack(Remembered("one", found).pack())
    assert kept == Remembered("one", found)
    assert kept.before("one", cut) == tuple(each for each in found if each.opened < cut)
    assert kept.before("another", cut) == ()


def test_what_cannot_be_read_is_nothing() -> None:
    assert [Remembered.unpack(data) for data in (None, b"", b"{", b"{}", b'{"definition": "", "outcomes": [[1]]}')] == [
        NOTHING
    ] * 5


def test_since_when_there_is_a_judgement() -> None:
    assert since(np.arange(4) * DAY, np.array([False, True, True])) == DAY
    assert since(np.arange(1), np.zeros(0, bool)) > 1 << 60


@pytest.mark.long
def test_a_restart_over_less_history_tells_the_same_of_the_past(tmp_path: Path) -> None:
    """Its first six weeks are gone by then, as sources have it that keep a while only: what was told of them stands."""
    root = write_shop(tmp_path / "shop", now="2024-03-02T12:00", project=PROJECT + GOALS)
    seen = []
    for first in (None, date(2024, 2, 12)):
        if first is not None:
            (root / "data" / "orders" / "2024-01.parquet").unlink()
            table = orders()
            later = pc.greater_equal(table["at"], np.datetime64(first, "us"))
            write_shop(root, now="2024-03-02T12:00", project=PROJECT + GOALS, table=table.filter(later))
        with Lapwing.open(root) as lapwing:
            alerts = open_alerts(lapwing, tmp_path / "state.db")
            alerts.replay()
            (goal,) = alerts.goals()
            daily = [one for one in alerts.incidents() if one.monitor in ("failed_daily", "goal:day")]
            seen.append((goal.warnings, goal.came, [(one.id, one.opened, one.state) for one in daily]))
            alerts.close()
    assert seen[0] == seen[1]
    assert seen[0][0] >= 2
    assert {state for _, _, state in seen[0][2]} == {"resolved"}
