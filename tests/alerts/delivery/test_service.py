"""From an incident to an e-mail in somebody's box: who, when, what, and exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.alerts.delivery.receivers import Hook, Mailbox, smtp_server, webhook
from tests.alerts.shop import BAD_DAY, PROJECT, ZONE, orders, write_shop

from lapwing.alerts.actions import Action
from lapwing.alerts.delivery.service import Deliveries
from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.model.calendar import to_us
from lapwing.model.delivery import Channel, Delivery, Digest, Escalation, QuietHours, Subscription
from lapwing.model.problem import NotFound
from lapwing.query.service import Lapwing

MINUTE = 60_000_000


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2024, 2, day, hour, minute, tzinfo=ZoneInfo(ZONE))


@dataclass
class Night:
    """The shop on the night after the bad day. `clock` is the wall's."""

    lapwing: Lapwing
    state: StateDatabase
    box: Mailbox
    hook: Hook
    stack: ExitStack
    clock: int = to_us(at(21, 2))

    def alerts(self) -> Alerts:
        return Alerts(self.lapwing, self.state)

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
        return Deliveries(self.lapwing, self.alerts(), self.state, lambda: self.clock)


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    table = orders(end=BAD_DAY + timedelta(days=1))
    root = write_shop(tmp_path / "shop", now="2024-02-21T02:00", table=table)
    with ExitStack() as stack:
        lapwing = stack.enter_context(Lapwing.open(root))
        state = StateDatabase(tmp_path / "state.db")
        stack.callback(state.close)
        yield Night(lapwing, state, stack.enter_context(smtp_server()), stack.enter_context(webhook()), stack)


def ops(**parts: Any) -> Subscription:
    return Subscription(**{"name": "ops", "channels": ("mail",), **parts})


def go_on(night: Night, moment: datetime, *, bad: float = 0.9) -> None:
    """More data, later, after a restart."""
    root = night.lapwing.project.root
    write_shop(root, now=moment.strftime("%Y-%m-%dT%H:%M"), table=orders(bad=bad))
    night.lapwing = night.stack.enter_context(Lapwing.open(root))
    night.clock = to_us(moment)
    night.alerts().replay()


def test_an_incident_is_told_once_with_all_there_is_to_say(night: Night) -> None:
    deliveries = night.deliveries(ops(monitors=("failed_daily",)))
    deliveries.run()
    assert deliveries.run() == ()
    (mail,) = night.box.mails
    assert mail["Subject"] == "[shop] Failed: 83, 18.5 expected. $1.29 k at stake"
    plain = mail.get_body(("plain",))
    assert plain is not None
    text = plain.get_content()
    (one,) = (one for one in night.alerts().board().incidents if one.monitor == "failed_daily")
    for says in (
        "83 on Tue 20 Feb, 18.5 expected. $1.29 k so far.",
        "Within Card provider down.",
        "Mostly north (region)",
        "Difference: +64.5",
        "At stake: $1.29 k",
        f"https://lapwing.example.com/incidents/{one.id}?as_of=2024-02-21T01:00",
    ):
        assert says in text
    (picture,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    content = picture.get_content()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 5_000
    (sent,) = deliveries.record()
    assert (sent.channel, sent.subscription, sent.state, sent.attempts) == ("mail", "ops", "sent", 1)
    assert (sent.incidents, sent.subject) == ((one.id,), str(mail["Subject"]))
    assert mail["Message-ID"] == f"<{sent.key}@lapwing.example.com>"


def test_its_end_is_told_in_the_same_thread(night: Night) -> None:
    deliveries = night.deliveries(ops(monitors=("failed_daily",)))
    deliveries.run()
    go_on(night, at(25))
    night.deliveries(ops(monitors=("failed_daily",))).run()
    first, last = night.box.mails
    assert str(last["Subject"]).startswith("[shop] Resolved: Failed: ")
    assert first["References"] == last["References"]
    assert first["Message-ID"] != last["Message-ID"]


def test_what_is_over_before_it_could_be_told_is_one_message(night: Night) -> None:
    """It began at noon, and was over at one; nobody looked until two at night."""
    deliveries = night.deliveries(ops(channels=("hook",), monitors=("rate_hourly",)))
    deliveries.run()
    (call,) = night.hook.calls
    (incident,) = call.data["incidents"]
    assert (call.data["kind"], incident["state"]) == ("resolved", "resolved")
    assert incident["opened"].startswith("2024-02-20T12:00")
    assert incident["resolved"].startswith("2024-02-21T01:00")
    (sent,) = deliveries.record()
    assert (sent.incidents, sent.kind) == ((int(incident["id"]),), "resolved")
    assert deliveries.run() == ()


def test_what_late_data_takes_back_is_told(night: Night) -> None:
    night.deliveries(ops(channels=("hook",), monitors=("failed_daily",))).run()
    go_on(night, at(25), bad=0.05)
    night.deliveries(ops(channels=("hook",), monitors=("failed_daily",))).run()
    first, last = (call.data for call in night.hook.calls)
    assert [first["kind"], last["kind"]] == ["opened", "retracted"]
    (incident,) = last["incidents"]
    assert (incident["state"], incident["says"]) == (
        "retracted",
        "Data that came later shows nothing unusual. What was told stays in this record.",
    )
    assert incident["actual"] == first["incidents"][0]["actual"], "as it was told"
    assert incident["id"] == first["incidents"][0]["id"]
    assert incident["url"].endswith("?as_of=2024-02-25T00:00")


def test_history_is_not_told(night: Night) -> None:
    """Who subscribes later hears of what is open, not of what was."""
    go_on(night, at(26))
    deliveries = night.deliveries(ops())
    assert deliveries.run() == ()
    assert night.box.mails == []


def test_slices_that_another_incident_stands_for_are_not_told(night: Night) -> None:
    night.deliveries(ops(metrics=("orders.failed",))).run()
    assert len(night.box.mails) == 1
    assert sum(record.monitor == "failed_daily" for record in night.state.journal.records()) == 2


def test_by_two_channels_and_two_subscriptions(night: Night) -> None:
    both = ops(channels=("mail", "hook"), monitors=("failed_daily",))
    other = Subscription(name="other", channels=("mail",), metrics=("orders.failed",))
    gathered = Subscription(name="daily", channels=("mail",), digest=Digest(minute=8 * 60))
    deliveries = night.deliveries(both, other, gathered)
    deliveries.run()
    assert (len(night.box.mails), len(night.hook.calls)) == (1, 1)
    assert night.hook.calls[0].headers["idempotency-key"] not in night.box.ids[0]
    night.clock = to_us(at(21, 8))
    deliveries.run()
    assert night.box.subjects[1].startswith("[shop] 2 incidents"), "a digest has what was told at once, too"


def test_quiet_hours_and_a_digest(night: Night) -> None:
    quiet = ops(monitors=("failed_daily",), quiet=QuietHours(start=22 * 60, end=7 * 60))
    daily = Subscription(name="daily", channels=("hook",), digest=Digest(minute=8 * 60))
    deliveries = night.deliveries(quiet, daily)
    assert deliveries.run() == ()
    night.clock = to_us(at(21, 7))
    assert [one.channel for one in deliveries.run()] == ["mail"]
    night.clock = to_us(at(21, 8))
    assert [one.channel for one in deliveries.run()] == ["hook"]
    assert deliveries.run() == ()
    (call,) = night.hook.calls
    shown = {one.id for one in night.alerts().board().incidents}
    assert {int(one["id"]) for one in call.data["incidents"]} >= shown
    assert call.data["subject"].startswith("[shop] 2 incidents, ")
    (mail,) = night.box.mails
    assert "as_of=2024-02-21T01:00" in str(mail.get_body(("plain",))), "as it was known when it happened"


@pytest.mark.parametrize("acknowledged", [False, True])
def test_what_nobody_acknowledges_is_escalated(night: Night, acknowledged: bool) -> None:
    escalation = Escalation(after=timedelta(minutes=30), channels=("hook",))
    deliveries = night.deliveries(ops(monitors=("failed_daily",), escalation=escalation))
    deliveries.run()
    (one,) = deliveries.record(channel="mail")
    night.clock += 29 * MINUTE
    assert deliveries.run() == ()
    if acknowledged:
        night.alerts().act(one.incidents[0], Action(name="acknowledge", who="Ann"))
    night.clock += MINUTE
    (done,) = deliveries.run()
    assert done.state == ("dropped" if acknowledged else "sent")
    assert [call.data["subject"] for call in night.hook.calls] == (
        [] if acknowledged else ["[shop] Nobody has acknowledged: Failed: 83, 18.5 expected. $1.29 k at stake"]
    )


@pytest.mark.parametrize("meanwhile", ["", "acknowledge", "resolve", "snooze"])
def test_what_was_put_off_is_told_when_it_is_due_again(night: Night, meanwhile: str) -> None:
    """If it is still open then, and nobody looks after it; one put off again is told after the later time."""
    deliveries = night.deliveries(ops(monitors=("failed_daily",)))
    deliveries.run()
    (one,) = deliveries.record()
    (incident,) = one.incidents
    hour = 60 * MINUTE
    night.alerts().act(incident, Action(name="snooze", who="Ann", until=to_us(at(21, 2)) + hour))
    assert deliveries.run() == ()
    if meanwhile:
        until = to_us(at(21, 2)) + 3 * hour if meanwhile == "snooze" else None
        night.alerts().act(incident, Action(name=meanwhile, who="Ann", until=until))
        deliveries.run()
    before = len(night.box.mails)
    night.clock += hour - MINUTE
    assert deliveries.run() == ()
    night.clock += MINUTE
    (done,) = deliveries.run()
    assert done.state == ("dropped" if meanwhile else "sent")
    if not meanwhile:
        assert night.box.subjects[before:] == ["[shop] Snooze over: Failed: 83, 18.5 expected. $1.29 k at stake"]
    if meanwhile == "snooze":
        night.clock += 2 * hour
        assert [one.state for one in deliveries.run()] == ["sent"]
    assert deliveries.run() == ()


def test_who_is_assigned_is_told(night: Night) -> None:
    deliveries = night.deliveries(ops(person="Ann"))
    deliveries.run()
    assert night.box.mails == []
    (one,) = (one for one in night.alerts().board().incidents if one.monitor == "failed_daily")
    night.alerts().act(one.id, Action(name="assign", who="Bo", to="Ann"))
    deliveries.run()
    assert night.box.subjects == ["[shop] Assigned to you: Failed: 83, 18.5 expected. $1.29 k at stake"]


def test_a_channel_that_fails_is_tried_again(night: Night) -> None:
    deliveries = night.deliveries(ops(channels=("hook",), monitors=("failed_daily",)))
    night.hook.statuses += [503, 503]
    assert [one.state for one in deliveries.run()] == ["waiting"]
    assert deliveries.run() == ()
    night.clock += MINUTE
    deliveries.run()
    night.clock += 2 * MINUTE
    assert [one.state for one in deliveries.run()] == ["sent"]
    assert len({call.headers["idempotency-key"] for call in night.hook.calls}) == 1
    assert len({call.body for call in night.hook.calls}) == 1, "it says the same each time"
    (sent,) = deliveries.record()
    assert (sent.state, sent.attempts) == ("sent", 3)


def test_a_channel_that_is_gone_and_one_that_never_was(night: Night) -> None:
    deliveries = night.deliveries(ops(channels=("hook",), monitors=("failed_daily",)))
    deliveries.plan()
    without = replace(night.lapwing.project.delivery, channels={})
    night.lapwing.project = replace(night.lapwing.project, delivery=without)
    later = Deliveries(night.lapwing, night.alerts(), night.state, lambda: night.clock)
    assert [one.state for one in later.run()] == ["dropped"]
    with pytest.raises(NotFound, match="no channel hok"):
        deliveries.test("hok")


def test_a_test_is_put_on_record(night: Night) -> None:
    deliveries = night.deliveries()
    assert deliveries.test("mail").state == "sent"
    assert night.box.subjects == ["[shop] A test of the channel mail"]
    night.hook.statuses.append(500)
    failed = deliveries.test("hook")
    assert (failed.state, failed.trouble) == ("failed", "127.0.0.1 answered 500.")
    assert [(one.kind, one.channel, one.state) for one in deliveries.record()] == [
        ("test", "hook", "failed"),
        ("test", "mail", "sent"),
    ]
    night.clock += 60 * MINUTE
    assert deliveries.run() == ()


def test_what_is_to_come_for_a_project_that_stands_is_not_told(night: Night) -> None:
    """Its rollups were built at a later now, which was set back to before the bad day, whose goal is missed at noon."""
    project = PROJECT + "goals:\n  failed: {{metric: failed, period: day, at_most: 60}}\n"
    table = orders(end=BAD_DAY + timedelta(days=1))
    write_shop(night.lapwing.project.root, now="2024-02-21T02:00", table=table, project=project)
    night.lapwing = night.stack.enter_context(Lapwing.open(night.lapwing.project.root))
    night.lapwing.project = replace(night.lapwing.project, now=at(20, 6))
    night.deliveries(ops()).run()
    assert night.box.mails == []
    assert [record.monitor for record in night.state.journal.records("goal:failed")] == ["goal:failed"], "it is known"
