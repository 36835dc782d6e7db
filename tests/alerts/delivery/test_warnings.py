"""Early warnings in people's boxes: said to be warnings, with what is projected, how sure, and how long there is; once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.alerts.delivery.receivers import Hook, Mailbox, smtp_server, webhook
from tests.alerts.early import test_leaders as leaders
from tests.alerts.early.test_keeper import GOALS, slid
from tests.alerts.shop import PROJECT, write_shop

from lapwing.alerts.actions import Action
from lapwing.alerts.delivery.service import Deliveries
from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.model.calendar import to_us
from lapwing.model.delivery import Channel, Delivery, Digest, Escalation, QuietHours, Subscription
from lapwing.query.service import Lapwing

MINUTE = 60_000_000
HOUR = 60 * MINUTE
GOAL = "goal:orders_month"


@dataclass
class Morning:
    """The shop in the hour in which the goal's miss becomes known."""

    lapwing: Lapwing
    state: StateDatabase
    box: Mailbox
    hook: Hook
    clock: int

    def deliveries(self, *subscriptions: Subscription) -> Deliveries:
        mail = Channel(
            name="mail",
            type="email",
            smtp=("127.0.0.1", self.box.port),
            sender="lapwing@example.com",
            to=("ops@example.com",),
            security="none",
        )
        channels = {"mail": mail, "hook": Channel(name="hook", type="webhook", url=self.hook.url)}
        config = Delivery(
            channels=channels,
            subscriptions={one.name: one for one in subscriptions},
            base_url="https://lapwing.example.com",
        )
        self.lapwing.project = replace(self.lapwing.project, delivery=config)
        return Deliveries(self.lapwing, Alerts(self.lapwing, self.state), self.state, lambda: self.clock)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """The project, and when the miss of its goal could be known."""
    root = write_shop(tmp_path_factory.mktemp("known"), now="2024-02-28T12:00", table=slid(), project=PROJECT + GOALS)
    with Lapwing.open(root) as lapwing:
        alerts = Alerts(lapwing, StateDatabase(root / "known.db"))
        alerts.replay()
        (one,) = (found for found in alerts.incidents() if found.monitor == GOAL)
        alerts.close()
    return root, datetime.fromisoformat(one.known_at)


@pytest.fixture
def morning(known: tuple[Path, datetime], tmp_path: Path) -> Iterator[Morning]:
    root, at = known
    now = at + timedelta(minutes=5)
    file = root / "lapwing.yaml"
    file.write_text((PROJECT + GOALS).format(now=now.strftime("%Y-%m-%dT%H:%M")))
    with ExitStack() as stack:
        lapwing = stack.enter_context(Lapwing.open(root))
        state = StateDatabase(tmp_path / "state.db")
        stack.callback(state.close)
        box, hook = stack.enter_context(smtp_server()), stack.enter_context(webhook())
        yield Morning(lapwing, state, box, hook, to_us(now))


def ops(**parts: Any) -> Subscription:
    return Subscription(**{"name": "ops", "channels": ("mail",), "monitors": (GOAL,), **parts})


def test_a_miss_is_told_once_with_all_there_is_to_say(morning: Morning) -> None:
    deliveries = morning.deliveries(ops())
    deliveries.run()
    assert deliveries.run() == ()
    (mail,) = morning.box.mails
    subject = str(mail["Subject"])
    assert subject.startswith("[shop] Warning, goal at risk: Orders: about ")
    for says in ("at least 9,000 wanted", "% likely", "days left"):
        assert says in subject
    plain = mail.get_body(("plain",))
    assert plain is not None
    text = plain.get_content()
    for says in ("Projected: ", "Goal: at least 9,000", "By: Fri 1 Mar, 00:00", "Such warnings before: none"):
        assert says in text
    assert "/incidents/" in text
    (picture,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    assert picture.get_content().startswith(b"\x89PNG")


def test_programs_read_what_it_is(morning: Morning) -> None:
    morning.deliveries(ops(channels=("hook",))).run()
    (call,) = morning.hook.calls
    (one,) = call.data["incidents"]
    assert (one["kind"], one["warning"]["kind"], one["warning"]["aim"]) == ("warning", "pacing", "at_least")
    assert one["warning"]["goal"] == 9000
    assert one["warning"]["chance"] > 0.8


@pytest.mark.parametrize(
    ("subscription", "told"),
    [
        (ops(monitors=(), metrics=("orders.orders",)), True),
        (ops(monitors=()), True),
        (ops(monitors=(), warnings=False), False),
        (ops(monitors=("failed_daily",)), False),
        (ops(monitors=(), metrics=("orders.failed",)), False),
    ],
)
def test_who_wants_it_is_told(morning: Morning, subscription: Subscription, told: bool) -> None:
    morning.deliveries(subscription).run()
    assert [one for one in morning.box.subjects if "goal at risk" in one] == morning.box.subjects[: int(told)]
    assert bool(morning.box.mails) == told


def test_quiet_hours_and_a_digest(morning: Morning) -> None:
    night = QuietHours(start=0, end=23 * 60 + 59)
    daily = Subscription(name="daily", channels=("hook",), digest=Digest(minute=23 * 60), monitors=(GOAL,))
    deliveries = morning.deliveries(ops(quiet=night), daily)
    assert deliveries.run() == ()
    morning.clock += 24 * HOUR
    assert sorted(one.channel for one in deliveries.run()) == ["hook", "mail"]
    (call,) = morning.hook.calls
    assert "Warning, goal at risk" in call.data["text"]


@pytest.mark.parametrize("acknowledged", [False, True])
def test_what_nobody_acknowledges_is_escalated(morning: Morning, acknowledged: bool) -> None:
    deliveries = morning.deliveries(ops(escalation=Escalation(after=timedelta(minutes=30), channels=("hook",))))
    deliveries.run()
    (sent,) = deliveries.record(channel="mail")
    if acknowledged:
        Alerts(morning.lapwing, morning.state).act(sent.incidents[0], Action(name="acknowledge", who="Ann"))
    morning.clock += 30 * MINUTE
    (done,) = deliveries.run()
    assert done.state == ("dropped" if acknowledged else "sent")
    assert [call.data["subject"][:30] for call in morning.hook.calls] == (
        [] if acknowledged else ["[shop] Nobody has acknowledged"]
    )


def test_what_was_foreseen_is_said_when_it_comes(tmp_path: Path) -> None:
    """A leading indicator is told by itself first; then the metric's own incident says that it was foreseen."""
    with ExitStack() as stack:
        hook = stack.enter_context(webhook())
        state = StateDatabase(tmp_path / "state.db")
        stack.callback(state.close)
        box = Mailbox()
        for days in (leaders.NEW + 1, leaders.NEW + leaders.LAG + 4):
            root = leaders.write(tmp_path / "shop", days)
            lapwing = stack.enter_context(Lapwing.open(root))
            morning = Morning(lapwing, state, box, hook, to_us(lapwing.now()))
            morning.deliveries(ops(channels=("hook",), monitors=("paid_daily",))).run()
        subjects = [call.data["subject"] for call in hook.calls]
        assert subjects[0].startswith("[shop] Warning, usually follows: Paid: about ")
        assert "Orders fell to" in hook.calls[0].data["text"]
        (opened,) = [call for call in hook.calls if call.data["incidents"][0]["kind"] == "anomaly"]
        assert "Foreseen 4 days before, when Orders moved." in opened.data["text"]
        assert len(hook.calls) == 2
