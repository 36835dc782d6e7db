"""What people say of incidents, through the whole service: counted, told, kept, and of effect on what comes after only."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.alerts.shop import PROJECT, ZONE, open_alerts, orders, write_orders, write_shop

from lapwing.alerts.actions import Action
from lapwing.alerts.feedback import cast, learned
from lapwing.alerts.record import Key
from lapwing.alerts.service import Alerts
from lapwing.alerts.votes import Vote
from lapwing.model.calendar import to_us
from lapwing.query.service import Lapwing

HERE: Key = ("[]", 1, 0)


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2024, 2, day, hour, tzinfo=ZoneInfo(ZONE))


def vote(name: str, who: str = "Ann") -> Action:
    return Action(name=name, who=who)


def against(who: str, useful: bool = False) -> Vote:
    return Vote(HERE, 10, who, useful)


def test_it_is_said_what_a_vote_does() -> None:
    assert learned([], HERE, 20) == ""
    assert learned([against("Ann")], HERE, 9) == ""
    assert learned([against("Ann")], HERE, 20) == "From now on this monitor needs a third more to speak of this."
    assert (
        learned([against("Ann", True)], HERE, 20) == "From now on this monitor needs a twentieth less to speak of this."
    )
    other = Vote(("[]", 1, 5), 10, "Bo", useful=False)
    assert learned([other], HERE, 20) == ""
    says = learned([against("Ann"), other], HERE, 20)
    assert says.startswith("From now on this monitor needs ")
    assert says.endswith("With all that was said of it, half as much more than at first.")
    assert learned([against("Ann"), against("Bo", True)], HERE, 20).startswith("From now on")
    many = [Vote(("[]", 1, n), 10, "Bo", useful=False) for n in range(1, 20)]
    assert "as votes can make it" in learned([*many, against("Ann")], HERE, 20)
    assert [(one.who, one.useful) for one in cast([against("Ann")], HERE, 10)] == [("Ann", False)]


def test_a_vote_is_shown_counted_and_taken_back(alerts: Alerts) -> None:
    daily, _ = alerts.incidents()
    view = alerts.act(daily.id, vote("not_useful"))
    assert [(one.who, one.useful) for one in view.summary.votes] == [("Ann", False)]
    assert view.summary.learned.startswith("From now on this monitor needs a third more")
    assert (view.story[-1].kind, view.story[-1].says) == ("voted", "Not useful. By Ann.")
    assert alerts.act(daily.id, vote("useful")).summary.learned.endswith("a twentieth less to speak of this.")
    gone = alerts.act(daily.id, vote("take_back"))
    assert (gone.summary.votes, gone.summary.learned) == ([], "")
    assert [step.says for step in gone.story if step.kind == "voted"] == [
        "Not useful. By Ann.",
        "Useful. By Ann.",
        "The word on its use was taken back. By Ann.",
    ]
    assert alerts.incident(daily.id, at(29)).summary.votes == [], "nobody had said anything then"


def test_what_was_raised_lately_is_counted(shop: Lapwing, tmp_path: Path) -> None:
    alerts = open_alerts(shop, tmp_path / "state.db")
    early, then, now = (alerts.alarms(moment) for moment in (at(20), at(25), None))
    assert (early.raised, then.raised, now.raised) == (0, 2, 0)
    assert (then.no_word, then.useful, then.budget, then.per_week) == (2, 0, None, 0.5)
    assert alerts.board(at(25)).watching.alarms == then
    alerts.close()


def test_votes_count_for_what_comes_after_and_change_nothing_before(tmp_path: Path) -> None:
    """A bad day every second week, each of the north; a vote against the first asks for more from then on."""
    root = write_shop(tmp_path / "shop", table=orders(end=date(2024, 2, 22)), now="2024-02-22T02:00")
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing)
        alerts.replay()
        before = {one.id: one.opened for one in alerts.incidents()}
        assert before
        for number in before:
            for who in ("Ann", "Bo", "Cem"):
                alerts.act(number, vote("not_useful", who))
        assert [one.fresh for one in alerts.replay()] == [True, True], "nothing is judged anew for it"
        lapwing.project = replace(lapwing.project, now=at(22) + timedelta(days=11))
        write_orders(root, orders())
        lapwing.cache.build().checked()
        assert [one.fresh for one in alerts.replay()] == [False, False]
        assert {one.id: one.opened for one in alerts.incidents()}.items() >= before.items()
        judged = alerts.known()[0].judged
        again = open_alerts(lapwing).known()[0].judged
        assert again.votes == judged.votes != ()
        assert again.episodes == judged.episodes
        assert judged.bar is not None
        cut = to_us(at(22, 2))
        moved = judged.bar.votes[0]
        assert moved.at == cut
        assert (judged.known > cut).sum() == 11
        alerts.close()


def test_a_budget_holds_back_what_is_least_unusual(tmp_path: Path) -> None:
    """Sensitive monitors of every region, hourly: without a budget many a week, with one few; and a restart, or a look back,
    tells the same."""
    loud = "  loud: {{metric: orders, grain: hour, by: [region, channel], sensitivity: 3, min_change: 0}}\n"
    root = write_shop(tmp_path / "shop", project=PROJECT + loud)
    with Lapwing.open(root) as lapwing:
        free = open_alerts(lapwing, tmp_path / "free.db")
        many = len([one for one in free.incidents() if one.monitor == "loud"])
        free.close()
        (root / "lapwing.yaml").write_text(
            (PROJECT + loud).format(now="2024-06-01").replace("monitors:", "alerts: {budget: 1 per week}\nmonitors:")
        )
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "held.db")
        held = [one for one in alerts.incidents() if one.monitor == "loud"]
        assert len(held) < 0.7 * many
        judged = next(one.judged for one in alerts.known() if one.judged.monitor.name == "loud")
        ((whence, share),) = judged.shares
        assert whence == to_us(lapwing.now())
        assert share == pytest.approx(0.49, abs=0.02)
        again = next(one.judged for one in open_alerts(lapwing, tmp_path / "held.db").known())
        assert alerts.alarms(at(25)).budget == 1.0
        assert np.isfinite(again.known).all()
        # Whoever follows one more gives each of the others a little less, from now on.
        alerts.follow("revenue")
        assert judged.shares == next(one.judged.shares for one in alerts.known() if one.judged.monitor.name == "loud")
        lapwing.project = replace(lapwing.project, now=lapwing.now() + timedelta(days=1))
        write_orders(root, orders(bad=0.5))
        lapwing.cache.build().checked()
        alerts.replay()
        (_, first), (since, later) = next(
            one.judged.shares for one in alerts.known() if one.judged.monitor.name == "loud"
        )
        assert later < first
        assert since == to_us(lapwing.now())
        alerts.close()
