"""One contract for every rollup store."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.limits import MOST_VALUE_BYTES
from lapwing.model.problem import ModelError, StoreError
from lapwing.model.project import StoreConfig

KINDS = ("memory", "lmdb")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(kind: str, tmp_path: Path) -> Iterator[RollupStore]:
    opened = open_store(StoreConfig(type=kind, path=tmp_path / "rollups"))
    yield opened
    opened.close()


def test_what_was_put_is_read_in_the_order_asked(store: RollupStore) -> None:
    store.put([(b"b", b"2"), (b"a", b"1"), (b"\xff" * 480, b"")])
    assert store.get([b"a", b"x", b"b", b"a", b"\xff" * 480]) == [b"1", None, b"2", b"1", b""]
    assert store.get([]) == []


def test_put_replaces_and_may_be_repeated(store: RollupStore) -> None:
    for _ in range(2):
        store.put(iter([(b"a", b"1"), (b"a", b"2")]))
        assert store.get([b"a"]) == [b"2"]
        assert list(store.scan(b"", b"z")) == [(b"a", b"2")]
    store.put([])


def test_scan_is_half_open_and_sorted_by_bytes(store: RollupStore) -> None:
    keys = [b"\x00", b"a", b"a\x00", b"a\xff", b"b", b"\xff"]
    store.put([(key, key) for key in reversed(keys)])
    assert [key for key, _ in store.scan(b"a", b"b")] == [b"a", b"a\x00", b"a\xff"]
    assert [key for key, _ in store.scan(b"a\x00", b"\xff\xff")] == [b"a\x00", b"a\xff", b"b", b"\xff"]
    assert list(store.scan(b"c", b"d")) == list(store.scan(b"b", b"a")) == []


def test_a_scan_sees_one_moment(store: RollupStore) -> None:
    store.put([(bytes([i]), b"old") for i in range(1, 100)])
    scan = store.scan(b"\x01", b"\xff")
    seen = [next(scan)]
    store.put([(bytes([i]), b"new") for i in range(1, 200)])
    store.delete_prefix(b"\x05")
    assert {value for _, value in [*seen, *scan]} == {b"old"}
    assert len(list(store.scan(b"\x01", b"\xff"))) == 198


def test_an_abandoned_scan_hinders_nobody(store: RollupStore) -> None:
    store.put([(b"a", b"1"), (b"b", b"2")])
    for _ in range(600):  # more than an environment has slots for readers
        next(store.scan(b"a", b"z"))
    store.put([(b"c", b"3")])
    assert store.get([b"c"]) == [b"3"]


def test_delete_prefix_takes_exactly_the_prefix(store: RollupStore) -> None:
    keys = [b"a", b"ab", b"ab\x00", b"ab\xff\xff", b"ac", b"b"]
    store.put([(key, b"") for key in keys])
    store.delete_prefix(b"ab")
    store.delete_prefix(b"nothing")
    assert [key for key, _ in store.scan(b"a", b"z")] == [b"a", b"ac", b"b"]
    with pytest.raises(StoreError):
        store.delete_prefix(b"")


def test_delete_prefix_of_many_rows(store: RollupStore) -> None:
    store.put((b"p%06d" % i, b"v") for i in range(25_000))
    store.put([(b"q", b"")])
    store.delete_prefix(b"p")
    assert list(store.scan(b"a", b"z")) == [(b"q", b"")]


@pytest.mark.parametrize(
    ("now", "old", "new", "done"),
    [
        (None, None, b"1", True),
        (None, b"1", b"2", False),
        (b"1", b"1", b"2", True),
        (b"1", None, b"2", False),
        (b"1", b"1", None, True),
        (b"", None, b"2", False),
        (b"", b"", b"2", True),
        (None, None, None, True),
    ],
)
def test_compare_and_set(
    store: RollupStore, now: bytes | None, old: bytes | None, new: bytes | None, done: bool
) -> None:
    if now is not None:
        store.put([(b"k", now)])
    assert store.compare_and_set(b"k", old, new) is done
    assert store.get([b"k"]) == [new if done else now]
    assert list(store.scan(b"k", b"l")) == ([] if store.get([b"k"]) == [None] else [(b"k", store.get([b"k"])[0])])


def test_one_of_many_threads_wins_each_compare_and_set(store: RollupStore) -> None:
    wins: list[int] = []

    def count(name: int) -> None:
        done = 0
        while done < 25:
            old = store.get([b"k"])[0]
            number = int(old or b"0")
            if store.compare_and_set(b"k", old, b"%d" % (number + 1)):
                wins.append(name)
                done += 1

    _together([lambda name=name: count(name) for name in range(4)])  # type: ignore[misc]  # mypy can't type the default
    assert store.get([b"k"]) == [b"100"]
    assert len(wins) == 100


def test_threads_read_whole_rows_while_others_write(store: RollupStore) -> None:
    stop = threading.Event()
    keys = [b"k%03d" % i for i in range(50)]

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(30):
            letter = bytes([chance.randrange(97, 123)])
            store.put([(key, letter * 1000) for key in keys])

    def read() -> None:
        while not stop.is_set():
            rows = list(store.scan(b"k", b"l"))
            assert [key for key, _ in rows] in ([], keys)
            assert all(value == value[:1] * 1000 for _, value in rows)
            assert all(value is None or len(value) == 1000 for value in store.get(keys))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    _together([lambda: write(1), lambda: write(2)])
    stop.set()
    for reader in readers:
        reader.join(10)
        assert not reader.is_alive()


def _together(works: list[Callable[[], None]]) -> None:
    failures: list[Exception] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except (AssertionError, StoreError) as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures, failures[0]


def test_limits_are_errors_that_say_so(store: RollupStore) -> None:
    with pytest.raises(StoreError, match="481 bytes"):
        store.put([(b"a" * 481, b"")])
    with pytest.raises(StoreError, match="0 bytes"):
        store.put([(b"", b"")])
    store.put([(b"a", b"x" * MOST_VALUE_BYTES)])
    with pytest.raises(StoreError, match="takes up to"):
        store.put([(b"a", b"x" * (MOST_VALUE_BYTES + 1))])
    assert store.get([b"a"]) == [b"x" * MOST_VALUE_BYTES]


def test_a_closed_store_says_so(store: RollupStore) -> None:
    store.close()
    store.close()
    for use in (lambda: store.get([b"a"]), lambda: store.put([(b"a", b"")]), lambda: list(store.scan(b"a", b"b"))):
        with pytest.raises(StoreError) as caught:
            use()
        assert caught.value.problems[0].code == "store-closed"


OPERATION = st.one_of(
    st.tuples(st.just("put"), st.dictionaries(st.binary(min_size=1, max_size=3), st.binary(max_size=3), max_size=5)),
    st.tuples(st.just("delete"), st.binary(min_size=1, max_size=2)),
    st.tuples(st.just("set"), st.binary(min_size=1, max_size=3), st.none() | st.binary(max_size=2)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(operations=st.lists(OPERATION, max_size=12))
def test_any_operations_leave_what_a_dict_would_hold(store: RollupStore, operations: list[tuple]) -> None:  # type: ignore[type-arg]
    model: dict[bytes, bytes] = {}
    store.delete_prefix(b"\x01")  # what the last example left
    start, end = b"\x01", b"\xff" * 4
    for operation in operations:
        match operation:
            case ("put", dict(rows)):
                kept = {b"\x01" + key: value for key, value in rows.items()}
                store.put(kept.items())
                model.update(kept)
            case ("delete", bytes(prefix)):
                store.delete_prefix(b"\x01" + prefix)
                model = {key: value for key, value in model.items() if not key.startswith(b"\x01" + prefix)}
            case ("set", bytes(key), new):
                key = b"\x01" + key
                assert store.compare_and_set(key, model.get(key), new)
                model.pop(key, None)
                if new is not None:
                    model[key] = new
        assert list(store.scan(start, end)) == sorted(model.items())


def test_an_unknown_type_names_the_known_ones() -> None:
    with pytest.raises(ModelError) as caught:
        open_store(StoreConfig(type="lmbd"))
    assert caught.value.problems[0].nearest == ("lmdb", "memory")
    with pytest.raises(ModelError):
        open_store(StoreConfig(type="lmdb"))
