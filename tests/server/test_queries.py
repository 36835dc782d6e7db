"""The statements that run and ran."""

from __future__ import annotations

import threading
import time

import pytest

from lapwing.model.problem import Cancelled, Conflict, NotFound, TimeLimit, WrongUse
from lapwing.server.admission import Admission
from lapwing.server.queries import KEPT, Queries, Query
from lapwing.sql.run import Progress


class Statement:
    """Something that runs, and knows whether it was stopped."""

    def __init__(self) -> None:
        self.stopped = 0

    def progress(self) -> Progress:
        return Progress("running", 3, 24, 0.5, ())

    def cancel(self) -> None:
        self.stopped += 1


def test_a_life_is_told_as_it_goes() -> None:
    queries = Queries()
    query = queries.begin("select 1", "mine")
    assert (query.as_dict()["state"], query.as_dict()["stage"]) == ("running", "waiting")
    queries.start(query)
    assert query.as_dict()["stage"] == "planning"
    queries.attach(query, Statement())
    told = query.as_dict()
    assert (told["stage"], told["bytes"], told["fraction"]) == ("running", 24, 0.5)
    queries.end(query)
    queries.end(query, Cancelled.of("cancelled", "too late"))  # the first end counts
    told = queries.get("mine").as_dict()
    assert (told["state"], told["stage"], told["fraction"]) == ("done", "done", 0.5)
    assert told["milliseconds"] == query.as_dict()["milliseconds"]


def test_cancelled_while_waiting_it_never_starts() -> None:
    queries = Queries()
    query = queries.begin("select 1")
    queries.cancel(query.id)
    with pytest.raises(Cancelled):
        queries.start(query)


def test_cancelled_while_planned_it_is_stopped_as_soon_as_it_runs() -> None:
    queries, statement = Queries(), Statement()
    query = queries.begin("select 1")
    queries.start(query)
    queries.cancel(query.id)
    assert statement.stopped == 0
    queries.attach(query, statement)
    assert statement.stopped == 1
    queries.end(query, WrongUse.of("broken", "It broke when it was stopped."))
    assert query.state == "cancelled"


def test_all_that_run_are_cancelled_and_the_ended_left() -> None:
    queries, ended, running = Queries(), Statement(), Statement()
    first, second = queries.begin("select 1"), queries.begin("select 2")
    queries.attach(first, ended)
    queries.end(first, WrongUse.of("broken", "It broke."))
    queries.attach(second, running)
    queries.cancel_all()
    assert (ended.stopped, running.stopped, first.state) == (0, 1, "failed")


def test_an_id_is_one_statements() -> None:
    queries = Queries()
    queries.begin("select 1", "mine")
    with pytest.raises(Conflict, match="mine"):
        queries.begin("select 2", "mine")
    with pytest.raises(NotFound, match="Did you mean mine"):
        queries.get("mime")


def test_the_oldest_ended_are_forgotten_and_none_that_runs() -> None:
    queries = Queries()
    running = queries.begin("select 'long'", "long")
    for number in range(KEPT + 20):
        queries.end(queries.begin("select 1", f"q{number}"))
    kept = [query.id for query in queries.recent()]
    assert len(kept) <= KEPT + 1
    assert (kept[0], kept[-1]) == (f"q{KEPT + 19}", "long")
    assert running.state == "running"
    with pytest.raises(NotFound):
        queries.get("q0")


def test_one_that_waits_is_told_its_place_and_begins_when_another_ends() -> None:
    queries = Queries(Admission(1))
    first, second, third = (queries.begin("select 1", name, who=name) for name in ("one", "two", "three"))
    assert 0 < queries.wait(first, 60) <= 60
    begun: list[str] = []

    def waits(query: Query) -> None:
        queries.wait(query, 60)
        begun.append(query.id)

    threads = [threading.Thread(target=waits, args=(query,)) for query in (second, third)]
    for count, thread in enumerate(threads, 1):
        thread.start()
        while len(queries.admission.waiting()) < count:
            time.sleep(0.001)
    assert [one["position"] for one in queries.documents()] == [2, 1, None]
    queries.end(first)
    threads[0].join(60)
    assert begun == ["two"]
    assert queries.document(third)["position"] == 1
    queries.end(second)
    threads[1].join(60)
    assert begun == ["two", "three"]


def test_cancelled_in_the_queue_it_leaves_at_once() -> None:
    queries = Queries(Admission(1))
    first, second = queries.begin("select 1", who="a"), queries.begin("select 2", who="b")
    queries.wait(first, 60)
    queries.cancel(second.id)
    with pytest.raises(Cancelled) as raised:
        queries.wait(second, 60)
    queries.end(second, raised.value)
    assert (second.state, queries.admission.waiting()) == ("cancelled", {})


def test_the_wait_is_part_of_the_time_limit() -> None:
    queries = Queries(Admission(1))
    first, second = queries.begin("select 1", who="a"), queries.begin("select 2", who="b")
    queries.wait(first, 60)
    with pytest.raises(TimeLimit, match=r"waited its 0\.01 seconds") as raised:
        queries.wait(second, 0.01)
    queries.end(second, raised.value)
    assert queries.document(second)["code"] == "time-limit"
