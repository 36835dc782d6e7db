"""A circuit's life: closed, open, half-open."""

from __future__ import annotations

import pytest

from lapwing.model.problem import Problem, Unavailable
from lapwing.sources.circuit import COOL, FAILURES, LEAST, Circuit
from lapwing.sources.passing import Passing

AWAY = Passing(Problem("source-unreachable", "pg does not answer: refused."))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[Circuit, Clock]:
    clock = Clock()
    circuit = Circuit("pg", clock=clock)
    for _ in range(FAILURES):
        circuit.enter()
        circuit.failed(AWAY)
        clock.now += LEAST / (FAILURES - 1)
    assert circuit.state().state == "open"
    return circuit, clock


def refused(circuit: Circuit) -> str:
    with pytest.raises(Unavailable) as caught:
        circuit.enter()
    assert caught.value.problems[0].code == "circuit-open"
    assert caught.value.problems[0].hint
    return caught.value.problems[0].message


def test_it_opens_after_failures_in_a_row() -> None:
    circuit, _ = opened()
    says = refused(circuit)
    assert f"failed {FAILURES} times in a row since" in says
    assert "tried again at" in says
    assert "pg does not answer: refused." in says


def test_an_answer_begins_the_row_anew() -> None:
    clock = Clock()
    circuit = Circuit("pg", clock=clock)
    for _ in range(3):
        for _ in range(FAILURES - 1):
            circuit.failed(AWAY)
            clock.now += LEAST
        circuit.succeeded()
    circuit.enter()
    assert circuit.state().state == "closed"


def test_a_blip_met_by_many_opens_nothing() -> None:
    clock = Clock()
    circuit = Circuit("pg", clock=clock)
    for _ in range(100):
        circuit.failed(AWAY)
    circuit.enter()
    assert circuit.state().failures == 100


def test_one_asks_while_it_is_half_open() -> None:
    circuit, clock = opened()
    clock.now += COOL
    assert circuit.state().state == "half-open"
    circuit.enter()
    refused(circuit)
    circuit.succeeded()
    circuit.enter()
    assert circuit.state().state == "closed"


def test_that_one_opens_it_again() -> None:
    circuit, clock = opened()
    clock.now += COOL
    circuit.enter()
    circuit.failed(AWAY)
    refused(circuit)
    assert circuit.state().state == "open"


def test_one_that_left_makes_room_for_another() -> None:
    circuit, clock = opened()
    clock.now += COOL
    circuit.enter()
    circuit.left()
    circuit.enter()
    refused(circuit)
    clock.now += COOL  # nothing was heard of that one
    circuit.enter()


def test_a_deadlock_is_an_answer() -> None:
    circuit, clock = opened()
    clock.now += COOL
    circuit.enter()
    circuit.failed(Passing(Problem("source-refused", "deadlock"), down=False))
    assert circuit.state().state == "closed"
