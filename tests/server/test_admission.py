"""Whose turn is next: bounded, fair, and nobody for ever."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.model.problem import Cancelled, TooMany
from lapwing.server.admission import Admission, Priority, Ticket

ASKED = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["interactive", "batch"])), max_size=40)


def nothing() -> None:
    """Nobody is told."""


def asks(admission: Admission, who: str, priority: Priority = "interactive") -> Ticket:
    return admission.ask(who, priority, nothing)


@given(ASKED, st.integers(1, 12), st.randoms())
def test_all_are_served_once_and_never_too_many_at_a_time(
    asked: list[tuple[str, Priority]], places: int, chance: object
) -> None:
    admission = Admission(places)
    told: list[int] = []

    def teller(number: int) -> Callable[[], None]:
        return lambda: told.append(number)

    tickets = [admission.ask(who, priority, teller(number)) for number, (who, priority) in enumerate(asked)]
    while running := [ticket for ticket in tickets if ticket.running]:
        assert len(running) <= places
        assert sum(one.priority == "batch" for one in running) <= max(1, places // 2)
        waiting = admission.waiting()
        assert sorted(waiting.values()) == list(range(1, len(waiting) + 1))
        ended = chance.choice(running)  # type: ignore[attr-defined]
        admission.leave(ended)
        tickets.remove(ended)
    assert not tickets
    assert sorted(told) == list(range(len(asked)))


def test_nobody_fills_the_server() -> None:
    admission = Admission(12)
    many = [asks(admission, "a") for _ in range(100)]
    assert sum(one.running for one in many) == 9
    assert all(asks(admission, who).running for who in "bcd")
    late = asks(admission, "e")
    assert admission.waiting()[late] == 1
    admission.leave(many[0])
    assert late.running


def test_places_go_round_among_those_who_wait() -> None:
    admission = Admission(1)
    running = asks(admission, "x")
    tickets = [asks(admission, who) for who in "aaaaab"] + [asks(admission, "c")]
    served = []
    for _ in tickets:
        admission.leave(running)
        running = next(one for one in tickets if one.running)
        tickets = [one for one in tickets if one is not running] + [running]
        served.append(running.who)
    assert served[:3] == ["a", "b", "c"]
    assert Counter(served) == {"a": 5, "b": 1, "c": 1}


def test_interactive_ones_go_before_batch_yet_one_of_batch_always_runs() -> None:
    admission = Admission(4)
    batch = [asks(admission, f"b{number}", "batch") for number in range(5)]
    assert sum(one.running for one in batch) == 2
    quick = [asks(admission, f"i{number}") for number in range(4)]
    assert [one.running for one in quick] == [True, True, False, False]
    admission.leave(batch[0])
    assert [one.running for one in quick] == [True, True, True, False]
    admission.leave(batch[1])  # none of batch runs now: the next in line is one of those who waited longest
    assert sum(one.running for one in batch[2:]) == 1


def test_the_queue_is_bounded_for_each_and_for_all() -> None:
    admission = Admission(1, most=4, most_each=2)
    for who in "xaabb":
        asks(admission, who)
    with pytest.raises(TooMany, match="4 wait"):
        asks(admission, "c")
    admission = Admission(1, most=4, most_each=2)
    for who in "xaa":
        asks(admission, who)
    with pytest.raises(TooMany, match="2 yours") as raised:
        asks(admission, "a")
    assert (raised.value.status, raised.value.problems[0].code) == (429, "too-many")


def test_who_leaves_the_queue_is_never_called() -> None:
    admission = Admission(1)
    running, second, third = (asks(admission, who) for who in "abc")
    admission.leave(second)
    assert admission.waiting() == {third: 1}
    admission.leave(running)
    admission.leave(running)
    assert (second.running, third.running) == (False, True)


def test_work_of_the_servers_own_waits_for_people() -> None:
    admission, left = Admission(places=1), threading.Event()
    first = admission.ask("ana", "interactive", lambda: None)
    held: list[str] = []

    def work() -> None:
        with admission.place("rollups", left):
            held.append("rollups")

    thread = threading.Thread(target=work)
    thread.start()
    while not admission.waiting():
        time.sleep(0.005)
    assert held == []
    admission.leave(first)
    thread.join(20)
    assert held == ["rollups"]
    assert admission.ask("ben", "interactive", lambda: None).running


def test_work_that_nobody_wants_any_more_leaves_the_queue() -> None:
    admission, left = Admission(places=1), threading.Event()
    admission.ask("ana", "interactive", lambda: None)
    left.set()
    with pytest.raises(Cancelled), admission.place("rollups", left):
        pass
    assert admission.waiting() == {}
