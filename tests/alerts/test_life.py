"""An incident's state follows from the set of its record's lines, whatever order they arrived in."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.life import life
from lapwing.alerts.record import Happened

KINDS = (
    *("opened", "flapping", "grew", "resolved", "withdrawn", "retracted"),
    *("acknowledged", "assigned", "snoozed", "commented", "accepted", "reopened", "closed", "voted"),
)


def line(number: int, kind: str, at: int, who: str = "", **data: object) -> Happened:
    bucket = at - 1 if kind in ("opened", "flapping", "grew", "resolved") else None
    return Happened(number=number, kind=kind, at=at, recorded=at, bucket=bucket, who=who, data=data)


def lines_of(*told: tuple[str, int]) -> list[Happened]:
    return [line(number, kind, at) for number, (kind, at) in enumerate(told, 1)]


@st.composite
def records(draw: st.DrawFn) -> list[Happened]:
    out = []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        kind = draw(st.sampled_from(KINDS))
        at = draw(st.integers(0, 20))
        data: dict[str, object] = {
            "of": draw(st.lists(st.integers(1, 12), max_size=3)),
            "reason": draw(st.sampled_from(["by_hand", "deleted"])),
            "to": draw(st.sampled_from(["Ann", ""])),
            "until": draw(st.integers(0, 30)),
            "text": "x",
            "since": 3,
            "useful": draw(st.sampled_from([True, False, None])),
        }
        out.append(line(number, kind, at, draw(st.sampled_from(["Ann", "Bo"])), **data))
    return out


@given(records(), st.randoms(use_true_random=False), st.integers(0, 25) | st.none())
def test_any_order_of_arrival_gives_the_same_state(
    lines: list[Happened], shuffled: random.Random, moment: int | None
) -> None:
    mixed = list(lines)
    shuffled.shuffle(mixed)
    assert life(mixed, moment) == life(lines, moment)


@given(records(), st.integers(0, 20))
def test_as_of_then_is_what_was_known_then(lines: list[Happened], moment: int) -> None:
    """What comes later changes nothing about what an incident was at a moment."""
    before = [one for one in lines if one.at <= moment]
    assert life(lines, moment) == life(before)


@given(records())
def test_it_is_open_or_over_and_says_why(lines: list[Happened]) -> None:
    now = life(lines)
    assert (now.ended is None) == (now.reason is None)
    assert now.state in ("open", "resolved", "retracted")
    if now.open:
        assert now.opened is not None
        assert now.steps
    assert now.snoozed_until(30) is None


def test_a_life() -> None:
    told = lines_of(("opened", 10), ("acknowledged", 12), ("grew", 14), ("resolved", 20))
    assert life(told, 9).told is False
    assert [(life(told, at).state, life(told, at).acknowledged is not None) for at in (10, 12, 20)] == [
        ("open", False),
        ("open", True),
        ("resolved", True),
    ]
    assert (life(told).ended, life(told).reason) == (20, "quiet")


def test_a_new_outbreak_needs_a_new_look() -> None:
    now = life(lines_of(("opened", 10), ("acknowledged", 12), ("resolved", 20), ("opened", 22)))
    assert (now.state, now.acknowledged, now.opened, now.outbreak) == ("open", None, 10, 2)


def test_what_is_over_stays_as_it_ended_until_it_is_reopened() -> None:
    told = lines_of(("opened", 10), ("accepted", 15), ("resolved", 20))
    assert (life(told).ended, life(told).reason) == (15, "new_normal")
    again = life([*told, line(4, "reopened", 25, "Ann")])
    assert (again.state, again.accepted, again.reason) == ("open", None, None)


def test_snoozed_until_its_time() -> None:
    now = life([line(1, "opened", 10), line(2, "snoozed", 11, "Ann", until=20)])
    assert (now.snoozed_until(19), now.snoozed_until(20)) == (20, None)


def test_flapping_is_told_once() -> None:
    told = lines_of(("opened", 1), ("resolved", 2), ("opened", 3), ("resolved", 4), ("flapping", 5))
    assert [life(told, at).flapping for at in (3, 5)] == [False, True]


def test_an_opening_that_is_told_late_lies_before_the_end_that_was_known() -> None:
    """Restated data moves the opening; that it was over is known since."""
    told = [
        line(1, "opened", 11),
        line(2, "resolved", 20),
        line(3, "withdrawn", 90, of=[1]),
        Happened(number=4, kind="opened", at=90, recorded=90, bucket=12),
    ]
    assert [life(told, at).state for at in (11, 20, 90)] == ["open", "resolved", "resolved"]
    now = life(told)
    assert (now.opened, now.ended, [step.number for step in now.steps]) == (11, 20, [4, 2])


def test_what_is_told_again_after_a_retraction_holds() -> None:
    told = lines_of(("opened", 10), ("resolved", 20), ("retracted", 30))
    told[-1] = line(3, "retracted", 30, reason="late_data")
    assert (life(told).state, life(told).steps, life(told).opened) == ("retracted", (), 10)
    again = [
        *told,
        Happened(number=4, kind="opened", at=30, recorded=30, bucket=9),
        Happened(number=5, kind="resolved", at=30, recorded=30, bucket=19),
    ]
    assert (life(again).state, [step.number for step in life(again).steps]) == ("resolved", [4, 5])
    assert life(again, 25).state == "resolved"
