"""The outbox: nothing twice, nothing forgotten, in order, tried again for a day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from tests.alerts.test_journal import run, save, told

from lapwing.alerts.delivery.outbox import FIRST_WAIT, GIVE_UP, LASTING_ATTEMPTS, LEASE, LONGEST_WAIT, Entry, Outbox
from lapwing.alerts.state import StateDatabase

SECOND = 1_000_000


@pytest.fixture
def state(tmp_path: Path) -> StateDatabase:
    state = StateDatabase(tmp_path / "state.db")
    save(state.journal, run(covered=50), told(10, 15), told(20))
    return state


@pytest.fixture
def box(state: StateDatabase) -> Outbox:
    return Outbox(state, "p")


def entry(line: int, channel: str = "mail", batch: str | None = None, due: int = 0, kind: str = "opened") -> Entry:
    return Entry(
        line=line, kind=kind, channel=channel, subscription="s", due=due, batch=batch or f"{line}|{channel}|{kind}"
    )


def states(box: Outbox) -> list[tuple[str, int]]:
    return [(one.state, one.attempts) for one in reversed(box.record())]


def test_lines_are_looked_at_once(box: Outbox) -> None:
    lines = box.news(99)
    assert [(number, line.kind) for number, _, line in lines] == [(1, "opened"), (2, "resolved"), (3, "opened")]
    assert [number for number, _, _ in box.news(2)] == [1, 2]
    assert box.add([entry(1), entry(3)], 1, 3, 0)
    assert not box.add([entry(1), entry(3)], 1, 3, 0), "another process was quicker"
    assert box.news(99) == ()
    assert states(box) == [("waiting", 0), ("waiting", 0)]
    assert box.told([1, 2]) == {(1, "mail", False), (2, "mail", False)}


def test_an_escalation_counts_as_told_when_it_went_out(box: Outbox) -> None:
    box.add([entry(1, kind="escalation"), entry(3, "hook")], 1, 3, 0)
    assert box.told([1, 2]) == {(2, "hook", False)}
    message = box.claim(10, "mail")
    assert message is not None
    box.sent(message, 10)
    assert box.told([1, 2]) == {(1, "mail", False), (2, "hook", False)}
    message = box.claim(10, "hook")
    assert message is not None
    box.drop(message, 10, "It is over.")
    assert box.told([1, 2]) == {(1, "mail", False)}


def test_two_subscriptions_to_the_same_channel_are_one_message(box: Outbox) -> None:
    box.add([entry(1), entry(1, batch="digest"), entry(1, "hook"), entry(1, kind="escalation")], 1, 1, 0)
    assert [(one.channel, one.kind) for one in reversed(box.record())] == [
        ("mail", "opened"),
        ("hook", "opened"),
        ("mail", "escalation"),
    ]


def test_a_message_is_in_one_hand_at_a_time(box: Outbox) -> None:
    box.add([entry(1), entry(3)], 1, 3, 0)
    first = box.claim(10)
    assert first is not None
    assert [line.kind for _, line in first.lines] == ["opened"]
    assert box.claim(10) is None, "of a channel one goes out after the other"
    again = box.claim(10 + LEASE)
    assert again is not None
    assert (again.id, again.key, again.attempts) == (first.id, first.key, 2)
    box.sent(again, 20 + LEASE)
    second = box.claim(20 + LEASE)
    assert second is not None
    assert second.key != first.key
    box.sent(first, 30)  # who was slow says so late: nothing changes
    assert states(box) == [("sent", 2), ("waiting", 1)]


def test_many_threads_claim_each_message_once(state: StateDatabase) -> None:
    boxes = [Outbox(state, "p") for _ in range(4)]
    boxes[0].add([entry(line, f"c{n}") for line in (1, 2, 3) for n in range(10)], 1, 3, 0)

    def work(box: Outbox) -> list[int]:
        done = []
        while (message := box.claim(10)) is not None:
            done.append(message.id)
            box.sent(message, 10)
        return done

    with ThreadPoolExecutor(4) as pool:
        done = [one for part in pool.map(work, boxes) for one in part]
    rest = work(boxes[0])  # those that waited for one before them in another's hand
    assert sorted([*done, *rest]) == list(range(1, 31))


def test_a_channel_that_fails_for_an_hour(box: Outbox) -> None:
    """Waits grow to a quarter of an hour, others go out meanwhile, and it is sent when the channel answers again."""
    box.add([entry(1), entry(3), entry(1, "hook")], 1, 3, 0)
    now, tries = 0, []
    while now < 3600 * SECOND:
        message = box.claim(now)
        if message is None:
            now += SECOND
        elif message.channel == "hook":
            box.sent(message, now)
        else:
            tries.append(now // SECOND)
            assert box.failed(message, now, "It is down.", lasting=False) == "waiting"
    assert tries[:6] == [0, 30, 90, 210, 450, 930]
    assert FIRST_WAIT == 30 * SECOND
    assert max(b - a for a, b in pairwise(tries)) == LONGEST_WAIT // SECOND
    message = box.claim(now + LONGEST_WAIT)
    assert message is not None
    assert [line.number for _, line in message.lines] == [1], "the first one first"
    box.sent(message, now)
    assert states(box) == [("sent", len(tries) + 1), ("waiting", 0), ("sent", 1)]
    assert box.record(channel="mail")[-1].trouble == ""


def test_what_is_refused_for_good_is_given_up_soon_and_all_within_a_day(box: Outbox) -> None:
    box.add([entry(1), entry(3, "hook")], 1, 3, 0)
    now = 0
    for attempt in range(1, LASTING_ATTEMPTS + 1):
        message = box.claim(now, "mail")
        assert message is not None
        state = box.failed(message, now, "No such user.", lasting=True)
        assert state == ("failed" if attempt == LASTING_ATTEMPTS else "waiting")
        now += LONGEST_WAIT
    for attempt in range(1, GIVE_UP + 1):
        message = box.claim(now, "hook")
        assert message is not None
        state = box.failed(message, now, "It is down.", lasting=False)
        assert state == ("failed" if attempt == GIVE_UP else "waiting")
        now += LONGEST_WAIT
    assert 23 < (now - LASTING_ATTEMPTS * LONGEST_WAIT) / SECOND / 3600 < 26
    assert [one.trouble for one in box.record()] == ["It is down.", "No such user."]


def test_a_digest_of_a_week_is_tried_again_as_well(box: Outbox) -> None:
    week = 7 * 24 * 3600 * SECOND
    box.add([entry(1, due=week, kind="digest")], 1, 1, 0)
    message = box.claim(week)
    assert message is not None
    assert box.failed(message, week, "It is down.", lasting=False) == "waiting"


def test_a_clock_that_was_ahead_holds_nothing_back(box: Outbox) -> None:
    """Made, claimed and put off by a clock that was a day ahead; then it goes back."""
    day = 24 * 3600 * SECOND
    box.add([entry(1), entry(1, "hook", due=day), entry(1, "late", due=2 * day)], 1, 1, day)
    claimed, failed = box.claim(day), box.claim(day)
    assert claimed is not None
    assert failed is not None
    box.failed(failed, day, "It is down.", lasting=False)
    box.add([entry(3), entry(3, "hook", due=day)], 3, 3, day)
    for channel in ("mail", "hook"):
        told = []
        while (message := box.claim(0, channel)) is not None:
            told += [incident for incident, _ in message.lines]
            assert box.claim(0, channel) is None, "it is in hand, and those after it wait"
            box.sent(message, 0)
        assert told == [1, 2]
    assert box.claim(0) is None, "what is for later stays for later"
    assert box.claim(2 * day) is not None


def test_what_is_over_is_on_record_as_what_it_tells(box: Outbox) -> None:
    box.add([entry(1, batch="both"), entry(2, batch="both", kind="resolved")], 1, 2, 0)
    assert [one.kind for one in box.record()] == ["resolved"]


def test_what_comes_late_to_a_digest_that_is_on_its_way_is_another_one(box: Outbox) -> None:
    box.add([entry(1, batch="digest")], 1, 1, 0)
    box.add([entry(2, batch="digest")], 2, 2, 0)
    message = box.claim(10)
    assert message is not None
    assert [line.number for _, line in message.lines] == [1, 2]
    box.add([entry(3, batch="digest")], 3, 3, 0)
    box.sent(message, 10)
    late = box.claim(10)
    assert late is not None
    assert [incident for incident, _ in late.lines] == [2]


def test_content_is_made_once(box: Outbox) -> None:
    box.add([entry(1)], 1, 1, 0)
    message = box.claim(10)
    assert message is not None
    box.keep(message, "Subject", b"content")
    again = box.claim(10 + LEASE)
    assert again is not None
    assert again.content == b"content"
    box.drop(again, 20, "It is over.")
    (one,) = box.record(incident=1)
    assert (one.state, one.subject, one.trouble, one.incidents) == ("dropped", "Subject", "It is over.", (1,))
    assert box.record(incident=2) == ()
