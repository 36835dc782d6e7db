"""What is read how often: about right, shared by processes, fading, and never in the way of an answer."""

from __future__ import annotations

import random
import threading

import pytest

from lapwing.cache.keys import chunk_key, encode_values, rollup_prefix, traffic_key
from lapwing.cache.stores.memory import MemoryStore
from lapwing.cache.stores.reading import ReadOnlyStore
from lapwing.cache.traffic import HALF_LIFE, WINDOW, Traffic

ID = b"rollup01"


class Clock:
    def __init__(self) -> None:
        self.now = 1e9

    def __call__(self) -> float:
        return self.now


def keys(shop: str, count: int, version: int = 1) -> list[bytes]:
    prefix = rollup_prefix(ID, version)
    return [chunk_key(prefix, encode_values([shop, i % 7]), i * 1_000_000) for i in range(count)]


def of(shop: str) -> tuple[bytes, bytes]:
    return ID, encode_values([shop])


def test_reads_are_counted_about_right_by_the_first_value_whatever_version_and_other_values() -> None:
    traffic = Traffic(MemoryStore(), Clock())
    random.seed(3)
    for turn in range(4_000):
        traffic.note(keys("a", 3, version=turn))
        traffic.note(keys("b", 1))
    found = traffic.read()
    assert set(found) == {of("a"), of("b")}
    assert found[of("a")].rows == pytest.approx(12_000, rel=0.2)
    assert found[of("b")].rows == pytest.approx(4_000, rel=0.3)


def test_the_peak_is_of_ten_seconds() -> None:
    clock = Clock()
    traffic = Traffic(MemoryStore(), clock)
    random.seed(4)
    for rate in (100, 2_000, 500):
        for _ in range(10):
            traffic.note(keys("a", rate))
            clock.now += WINDOW / 10
    assert traffic.read()[of("a")].peak == pytest.approx(2_000, rel=0.1)


def test_counts_fade_by_half_each_hour_and_peaks_are_forgotten_after_a_day() -> None:
    clock = Clock()
    traffic = Traffic(MemoryStore(), clock)
    traffic.note(keys("a", 10_000))
    before = traffic.read()[of("a")]
    clock.now += HALF_LIFE
    after = traffic.read()[of("a")]
    assert after.rows == pytest.approx(before.rows / 2, abs=0.01)
    assert after.peak == before.peak
    clock.now += 25 * HALF_LIFE
    assert of("a") not in traffic.read()


def test_several_processes_count_together() -> None:
    store, clock = MemoryStore(), Clock()
    logs = [Traffic(store, clock) for _ in range(4)]

    def read(one: Traffic) -> None:
        one.note(keys("a", 16_000))
        one.flush()

    threads = [threading.Thread(target=read, args=(one,)) for one in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = logs[0].read()[of("a")]
    assert found.rows == pytest.approx(64_000, rel=0.1)
    assert found.peak == pytest.approx(1_600, rel=0.1)


@pytest.mark.parametrize("row", [b"", b"?" * 40, b"\x00" * 17])
def test_a_row_that_can_not_be_read_is_as_none(row: bytes) -> None:
    store = MemoryStore()
    store.put([(traffic_key(), row)])
    assert Traffic(store).read() == {}


def test_where_nothing_may_be_written_what_was_counted_is_lost() -> None:
    traffic = Traffic(ReadOnlyStore(MemoryStore()))
    traffic.note(keys("a", 1_000))
    assert traffic.read() == {}
