"""Incidents of the self-audit: one for each partition, whoever finds it, on every store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.cache.stores.places import KINDS, place

from lapwing.cache.compare import Difference
from lapwing.cache.incident import Incident, Incidents, new_id
from lapwing.cache.keys import incidents_prefix, prefix_end
from lapwing.cache.slice import Slice
from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore

ROLLUP = b"8 bytes."
DAY = 86_400.0
DIFFERENCE = Difference(
    measure="top",
    group={"shop": "ü", "size": None},
    start=-5,
    end=7,
    kept=[{"value": "a", "at_least": 1}],
    source="2.50",
)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Iterator[RollupStore]:
    found = open_store(place(request.param, request))
    yield found
    found.close()


def incident(start: int = -10, version: int = 3, opened: float = 1e9) -> Incident:
    return Incident(
        id=new_id(ROLLUP, start, opened),
        rollup="trips.main",
        rollup_id=ROLLUP,
        start=start,
        end=start + 10,
        version=version,
        builder="host/1/2/3",
        built_at=1.5,
        mark="m",
        slice=Slice(start, start + 5, 1, 3),
        cells=9,
        differing=2,
        differences=(DIFFERENCE,),
        says="so",
        opened=opened,
        seen=opened,
    )


def test_it_is_opened_seen_again_and_ended(store: RollupStore) -> None:
    incidents = Incidents(store)
    first, other = incident(), incident(start=100, opened=2e9)
    assert incidents.report(first) == first
    assert incidents.report(other) == other
    assert incidents.all() == (other, first)
    assert incidents.open() == (first, other)
    again = incidents.report(incident(version=4, opened=3e9))
    assert (again.id, again.opened, again.version, again.times, again.seen) == (first.id, 1e9, 4, 2, 3e9)
    assert incidents.report(incident(version=4, opened=4e9)).times == 2
    assert len(incidents.all()) == 2
    ended = incidents.resolve(again, "well")
    assert ended is not None
    assert (ended.state, ended.resolution, ended.times) == ("resolved", "well", 2)
    assert incidents.resolve(again, "once more") is None
    assert incidents.open() == (other,)
    assert incidents.open_of(ROLLUP, -10) == ()
    assert incidents.report(incident(version=5, opened=5e9)).times == 1
    assert len(incidents.all()) == 3


def test_those_ended_long_ago_are_forgotten(store: RollupStore) -> None:
    incidents = Incidents(store)
    incidents.report(incident())
    incidents.report(incident(start=100))
    ended = incidents.resolve(incident(), "well")
    assert ended is not None
    assert ended.resolved is not None
    incidents.sweep(ended.resolved + 80 * DAY)
    assert len(incidents.all()) == 2
    incidents.sweep(ended.resolved + 91 * DAY)
    assert [one.start for one in incidents.all()] == [100]


def test_two_who_find_it_at_once_open_one(store: RollupStore) -> None:
    start, failures = threading.Barrier(4), []

    def find(number: int) -> None:
        try:
            start.wait()
            for version in range(1, 6):
                Incidents(store).report(incident(version=version, opened=1e9 + number))
        except BaseException as error:  # noqa: BLE001  whatever it was
            failures.append(error)

    threads = [threading.Thread(target=find, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    (one,) = Incidents(store).all()
    assert one.state == "open"


def test_rows_of_others_are_left_alone(store: RollupStore) -> None:
    incidents = Incidents(store)
    one = incidents.report(incident())
    ((key, row),) = list(store.scan(incidents_prefix(), prefix_end(incidents_prefix())))
    newer = row.replace(b'"format":1', b'"format":99')
    store.put([(key, b"no json"), (key + b"x", newer)])
    assert incidents.all() == ()
    assert incidents.report(replace(one, times=1)) == one  # in the place of what makes no sense
    assert incidents.all() == (one,)
