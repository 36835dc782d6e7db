"""The schedule keeps promises, over a clock of the test's own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from lapwing.cache.refresh import FIRST_RETRY, LONGEST_RETRY, QUICK, Batch, Promise, Schedule

HOUR = 3600.0


def promise(name: str, freshness: float, as_of: float | None = None) -> Promise:
    return Promise(rollup=name, dataset=name.partition(".")[0], freshness=freshness, as_of=as_of)


class World:
    """Runs what a schedule begins: each run of a dataset takes as long as `takes` says. Looks at all times at which
    something happens that nothing forbidden does."""

    def __init__(self, promises: list[Promise], takes: Mapping[str, float], chance: Callable[[], float]) -> None:
        self.schedule = Schedule(promises, chance)
        self.promises = {one.rollup: one for one in promises}
        self.takes = takes
        self.now = 0.0
        self.running: dict[str, tuple[float, float, Batch]] = {}
        self.as_of: dict[str, float | None] = {one.rollup: one.as_of for one in promises}
        self.oldest: dict[str, float] = {}
        self.runs: list[tuple[float, Batch]] = []
        self.failing: set[str] = set()

    def until(self, end: float) -> None:
        while self.now < end:
            self._end_those_due()
            while (batch := self.schedule.begin(self.now)) is not None:
                assert batch.dataset not in self.running
                assert batch.rollups
                assert len(set(batch.rollups)) == len(batch.rollups)
                self.running[batch.dataset] = (self.now, self.now + self.takes[batch.dataset], batch)
                self.runs.append((self.now, batch))
            ends = min((one[1] for one in self.running.values()), default=end)
            wait = self.schedule.wait(self.now)
            assert wait > 0
            self.now = min(end, ends, self.now + wait)

    def _end_those_due(self) -> None:
        for dataset, (began, ends, batch) in list(self.running.items()):
            if ends <= self.now:
                del self.running[dataset]
                for name in batch.rollups:
                    before = self.as_of[name]
                    if before is not None:
                        self.oldest[name] = max(self.oldest.get(name, 0.0), self.now - before)
                done = {name: None if name in self.failing else began for name in batch.rollups}
                self.as_of |= {name: moment for name, moment in done.items() if moment is not None}
                self.schedule.ended(dataset, self.now, done)


@given(
    promises=st.lists(st.floats(60, HOUR), min_size=1, max_size=4),
    takes=st.lists(st.floats(0.01, 1.5), min_size=4, max_size=4),
    chance=st.floats(0, 0.999),
)
def test_quick_ones_keep_their_promises_beside_one_that_can_not(
    promises: list[float], takes: list[float], chance: float
) -> None:
    made = [promise(f"d{number}.main", freshness) for number, freshness in enumerate(promises)]
    durations = {f"d{number}": takes[number] for number in range(len(promises))}
    world = World([promise("slow.main", 60), *made], {**durations, "slow": 2 * HOUR}, lambda: chance)
    world.until(5 * HOUR)
    for one in made:
        assert world.oldest[one.rollup] <= one.freshness
    slow = [began for began, batch in world.runs if batch.dataset == "slow"]
    assert slow == [0.0, 2 * HOUR, 4 * HOUR]


def test_a_run_begins_the_earlier_the_longer_it_takes() -> None:
    for takes, first in ((1.0, 0.9), (10.0, 0.8), (40.0, 0.5)):
        world = World([promise("d.main", 100)], {"d": takes}, lambda: 0.0)
        world.until(300)
        began = [at for at, _ in world.runs]
        assert began[1] - began[0] == first * 100
    hasty = World([promise("d.main", 100)], {"d": 1.0}, lambda: 0.999)
    hasty.until(300)
    assert 80 < hasty.runs[1][0] < 90


def test_what_is_fresh_already_waits() -> None:
    schedule = Schedule([promise("d.main", 100, as_of=1000.0)], lambda: 0.0)
    assert schedule.begin(1050) is None
    assert schedule.wait(1050) == 40
    schedule.learn({"d.main": 1080.0, "unknown.main": 5.0})
    assert schedule.begin(1090) is None
    assert schedule.begin(1170) == Batch("d", ("d.main",))
    assert schedule.begin(1170) is None
    schedule.learn({"d.main": 900.0})
    schedule.ended("d", 1171, {"d.main": 1170.0})
    assert schedule.due("d.main") == 1170 + 90


def test_rollups_of_a_dataset_run_together_once_half_their_promise_has_passed() -> None:
    world = World(
        [promise("d.hot", 100), promise("d.warm", 150), promise("d.cold", 100 * HOUR), promise("e.main", 100)],
        {"d": 1.0, "e": 1.0},
        lambda: 0.0,
    )
    world.until(100)
    first, second = [batch for _, batch in world.runs if batch.dataset == "d"]
    assert first.rollups == ("d.hot", "d.warm", "d.cold")
    assert second.rollups == ("d.hot", "d.warm")


@given(st.lists(st.floats(0, 0.999), min_size=20, max_size=20))
def test_failures_are_tried_again_ever_later_and_never_too_late(chances: list[float]) -> None:
    left = itertools.cycle([0.0, *chances])
    world = World([promise("d.main", 60)], {"d": 0.5}, lambda: next(left))
    world.failing.add("d.main")
    last = 0.0
    for number in range(18):
        world.until(last + 0.6)
        due = world.schedule.due("d.main")
        assert due is not None
        delay = due - (last + 0.5)
        whole = min(FIRST_RETRY * 2**number, LONGEST_RETRY)
        assert whole / 2 - 1e-6 <= delay <= whole + 1e-6
        world.until(due + 0.1)
        last = due
    world.failing.clear()
    world.until(last + 2 * LONGEST_RETRY)
    assert world.oldest == {} or max(world.oldest.values()) <= 60


def test_one_that_fails_keeps_its_siblings_no_longer_than_they_need() -> None:
    world = World([promise("d.good", 100), promise("d.bad", 100)], {"d": 1.0}, lambda: 0.0)
    world.failing.add("d.bad")
    world.until(80)
    assert world.runs[0][1].rollups == ("d.good", "d.bad")
    assert all(batch.rollups == ("d.bad",) for _, batch in world.runs[1:])


def test_slow_ones_take_turns_the_most_overdue_first() -> None:
    world = World(
        [promise("a.main", 600), promise("b.main", 600), promise("c.main", 600)],
        {"a": HOUR, "b": HOUR, "c": HOUR},
        lambda: 0.0,
    )
    world.until(30 * HOUR)
    counts = {name: sum(batch.dataset == name for _, batch in world.runs) for name in "abc"}
    assert max(counts.values()) - min(counts.values()) <= 1
    later = [(at, batch.dataset) for at, batch in world.runs if at > 3 * QUICK + HOUR]
    assert all(after - at >= HOUR for (at, _), (after, _) in itertools.pairwise(later))


def test_who_asks_is_served_at_once_and_never_twice() -> None:
    schedule = Schedule([promise("d.main", 100, as_of=1000.0)], lambda: 0.0)
    assert schedule.take("d", 1089)
    assert not schedule.take("d", 1090)
    assert schedule.begin(1091) is None
    schedule.ended("d", 1092, {"d.main": 1089.0, "d.other": 1089.0})
    assert schedule.begin(1092) is None
    assert schedule.due("d.other") is None
    assert schedule.begin(1179) == Batch("d", ("d.main",))
    assert schedule.take("without_promises", 1179)
    assert Schedule([]).wait(0) == QUICK
