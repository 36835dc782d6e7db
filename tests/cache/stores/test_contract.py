"""One contract for every rollup store."""

from __future__ import annotations

import gc
import random
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cache.stores.places import KINDS, OF_PROCESSES, ended, place, process

from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.limits import MOST_VALUE_BYTES
from lapwing.cache.stores.reading import ReadOnlyStore
from lapwing.model.problem import ModelError, StoreError
from lapwing.model.project import StoreConfig

ALL = b"\xff" * 481
"""After every key."""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def config(kind: str, request: pytest.FixtureRequest) -> StoreConfig:
    return place(kind, request)


@pytest.fixture
def store(config: StoreConfig) -> Iterator[RollupStore]:
    opened = open_store(config)
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


def test_a_revision_stays_only_while_nothing_is_written(store: RollupStore) -> None:
    store.put([(b"a", b"1")])
    revision, values = store.get_since(None, [b"a", b"x"])
    assert values == [b"1", None]
    again = store.get_since(revision, [b"a", b"x"])
    assert again in ((revision, None), (None, [b"1", None]))  # a store that can't tell reads
    writes: list[Callable[[], object]] = [
        lambda: store.put([(b"b", b"2")]),
        lambda: store.delete_prefix(b"b"),
        lambda: store.compare_and_set(b"a", b"1", b"3"),
        lambda: store.compare_and_set(b"a", b"3", b"1"),
    ]
    for write in writes:
        before, _ = store.get_since(None, [])
        write()
        after, values = store.get_since(before, [b"a"])
        assert values == store.get([b"a"])
        assert after is None or after != before


def test_many_keys_are_read_in_the_order_asked(store: RollupStore) -> None:
    chance = random.Random(3)
    rows = {b"%08d" % i + b"x" * chance.randrange(470): b"v%d" % i for i in range(0, 4_000, 2)}
    store.put(rows.items())
    keys = [*rows, *(b"%08d" % i for i in range(1, 4_000, 2)), *list(rows)[:100]]
    chance.shuffle(keys)
    assert store.get(keys) == [rows.get(key) for key in keys]


def test_the_last_of_equal_keys_is_kept_however_long_the_put(store: RollupStore) -> None:
    """60 MB, more than any store takes at once."""
    body = random.Random(6).randbytes(1_000_000)
    store.put((b"k%d" % (i % 3), body + b"%d" % i) for i in range(60))
    assert [int(value[len(body) :]) for _, value in store.scan(b"k", b"l")] == [57, 58, 59]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(rows=st.dictionaries(st.binary(min_size=1, max_size=480), st.binary(max_size=300), max_size=30))
def test_any_bytes_are_keys_and_values(store: RollupStore, rows: dict[bytes, bytes]) -> None:
    for key, _ in list(store.scan(b"", ALL)):
        assert store.compare_and_set(key, store.get([key])[0], None)
    store.put(rows.items())
    assert store.get(list(rows)) == list(rows.values())
    assert list(store.scan(b"", ALL)) == sorted((key, value) for key, value in rows.items() if key < ALL)


def test_scan_is_half_open_and_sorted_by_bytes(store: RollupStore) -> None:
    keys = [b"\x00", b"a", b"a\x00", b"a\xff", b"b", b"\xff"]
    store.put([(key, key) for key in reversed(keys)])
    assert [key for key, _ in store.scan(b"a", b"b")] == [b"a", b"a\x00", b"a\xff"]
    assert [key for key, _ in store.scan(b"a\x00", b"\xff\xff")] == [b"a\x00", b"a\xff", b"b", b"\xff"]
    assert list(store.scan(b"c", b"d")) == list(store.scan(b"b", b"a")) == []


@pytest.mark.parametrize("kind", ["memory", "lmdb"], indirect=True)
def test_a_scan_sees_one_moment(store: RollupStore) -> None:
    """Bigtable can't: of it, only that each row is whole is promised."""
    store.put([(bytes([i]), b"old") for i in range(1, 100)])
    scan = store.scan(b"\x01", b"\xff")
    seen = [next(scan)]
    store.put([(bytes([i]), b"new") for i in range(1, 200)])
    store.delete_prefix(b"\x05")
    assert {value for _, value in [*seen, *scan]} == {b"old"}
    assert len(list(store.scan(b"\x01", b"\xff"))) == 198


@pytest.mark.parametrize("size", [0, 40, 3_000])
def test_a_long_scan_gives_every_row_once(store: RollupStore, size: int) -> None:
    chance = random.Random(size)
    rows = {b"k%05d" % i: chance.randbytes(size) for i in range(6_000)}
    store.put(rows.items())
    assert list(store.scan(b"k", b"l")) == sorted(rows.items())
    some = [key for key, _ in store.scan(b"k00100", b"k04321")]
    assert (some[0], some[-1], len(some)) == (b"k00100", b"k04320", 4221)


def test_a_scan_goes_on_while_its_rows_change(store: RollupStore) -> None:
    keys = [b"k%05d" % i for i in range(5_000)]
    store.put((key, b"old") for key in keys)
    scan = store.scan(b"k", b"l")
    seen = [next(scan) for _ in range(10)]
    store.put((key, b"newer") for key in keys)
    store.put([(b"k", b"before"), (b"kz", b"behind")])
    seen += scan
    assert [key for key, _ in seen if key != b"kz"] == keys
    assert {value for key, value in seen if key != b"kz"} <= {b"old", b"newer"}


def test_an_abandoned_scan_hinders_nobody(store: RollupStore) -> None:
    store.put([(b"a", b"1"), (b"b", b"2")])
    next(store.scan(b"a", b"z"))
    me = psutil.Process()
    before = me.num_fds(), me.num_threads()
    for _ in range(600):  # more than an environment has slots for readers
        next(store.scan(b"a", b"z"))
    store.put([(b"c", b"3")])
    assert store.get([b"c"]) == [b"3"]
    gc.collect()
    assert me.num_fds() <= before[0] + 4
    assert me.num_threads() <= before[1] + 8  # a pool of threads may begin to work


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


def test_compare_and_set_of_long_values(store: RollupStore) -> None:
    """A manifest grows with its partitions; two may differ in their last byte."""
    chance = random.Random(5)
    first = chance.randbytes(300_000)
    other = first[:-1] + bytes([first[-1] ^ 1])
    assert store.compare_and_set(b"k", None, first)
    assert not store.compare_and_set(b"k", other, b"")
    assert store.compare_and_set(b"k", first, other)
    assert store.get([b"k"]) == [other]


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
    keys = [b"k%03d" % i for i in range(50)]
    store.put((key, b"a" * 1000) for key in keys)
    writing = [True, True]

    def write(number: int) -> None:
        chance = random.Random(number)
        try:
            for _ in range(30):
                letter = bytes([chance.randrange(97, 123)])
                store.put([(key, letter * 1000) for key in keys])
        finally:
            writing[number] = False

    def read() -> None:
        while any(writing):
            rows = list(store.scan(b"k", b"l"))
            assert [key for key, _ in rows] == keys
            assert all(value == value[:1] * 1000 for _, value in rows)
            assert all(value == value[:1] * 1000 for value in store.get(keys) if value is not None)
            assert None not in store.get(keys)

    _together([lambda: write(0), lambda: write(1), read, read])


def _together(works: list[Callable[[], None]]) -> None:
    """Runs each in a thread of its own; what one raises fails the test."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  whatever it was
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert not failures, failures[0]


def test_limits_are_errors_that_say_so(store: RollupStore) -> None:
    with pytest.raises(StoreError, match="481 bytes"):
        store.put([(b"a" * 481, b"")])
    with pytest.raises(StoreError, match="0 bytes"):
        store.put([(b"", b"")])
    with pytest.raises(StoreError, match="481 bytes"):
        store.compare_and_set(b"a" * 481, None, b"")
    largest = random.Random(8).randbytes(MOST_VALUE_BYTES)
    store.put([(b"a", largest)])
    with pytest.raises(StoreError, match="takes up to"):
        store.put([(b"a", b"x" * (MOST_VALUE_BYTES + 1))])
    with pytest.raises(StoreError, match="takes up to"):
        store.compare_and_set(b"b", None, b"x" * (MOST_VALUE_BYTES + 1))
    assert store.get([b"a", b"b"]) == [largest, None]
    assert list(store.scan(b"a", b"z")) == [(b"a", largest)]
    assert store.compare_and_set(b"a", largest, b"small")


def test_a_closed_store_says_so(store: RollupStore) -> None:
    store.close()
    store.close()
    for use in (
        lambda: store.get([b"a"]),
        lambda: store.put([(b"a", b"")]),
        lambda: list(store.scan(b"a", b"b")),
        lambda: store.delete_prefix(b"a"),
        lambda: store.compare_and_set(b"a", None, b""),
    ):
        with pytest.raises(StoreError) as caught:
            use()
        assert caught.value.problems[0].code == "store-closed"


@pytest.mark.parametrize("kind", OF_PROCESSES, indirect=True)
def test_rows_outlive_the_store_that_wrote_them(config: StoreConfig) -> None:
    for number in range(3):
        store = open_store(config)
        assert [value for _, value in store.scan(b"a", b"z")] == [b"%d" % before for before in range(number)]
        store.put([(b"k%d" % number, b"%d" % number)])
        store.close()
    reader = open_store(config, read_only=True)
    assert reader.get([b"k1"]) == [b"1"]
    reader.close()


@pytest.mark.parametrize("kind", OF_PROCESSES, indirect=True)
def test_one_of_several_processes_wins_each_compare_and_set(config: StoreConfig, store: RollupStore) -> None:
    count = """
    done = 0
    sys.stdin.readline()
    while done < 60:
        old = store.get([b"k"])[0]
        done += store.compare_and_set(b"k", old, b"%d" % (int(old or b"0") + 1))
    """
    others = [process(config, count) for _ in range(3)]
    for other in others:
        assert other.stdin is not None
        other.stdin.write("go\n")
        other.stdin.flush()
    for other in others:
        ended(other, 0)
    assert store.get([b"k"]) == [b"180"]


@pytest.mark.parametrize("kind", OF_PROCESSES, indirect=True)
def test_a_process_killed_while_it_puts_leaves_rows_whole(config: StoreConfig, store: RollupStore) -> None:
    store.put((b"old%04d" % i, b"o" * 3_000) for i in range(500))
    put = """
    def rows():
        for i in range(10**9):
            if i % 500 == 0:
                print(i)
            yield b"new%09d" % i, (b"%09d" % i) * 400
    store.put(rows())
    """
    for written in (500, 4_000, 20_000):
        writer = process(config, put)
        assert writer.stdout is not None
        while int(writer.stdout.readline()) < written:
            pass
        writer.send_signal(signal.SIGKILL)
        ended(writer, -signal.SIGKILL)
        assert all(value == key[3:] * 400 for key, value in store.scan(b"new", b"nex"))
        assert [value for _, value in store.scan(b"old", b"ole")] == [b"o" * 3_000] * 500
        store.put([(b"after", b"%d" % written)])
        assert store.get([b"after"]) == [b"%d" % written]
    store.delete_prefix(b"new")
    assert len(list(store.scan(b"a", b"z"))) == 501


@pytest.mark.parametrize("kind", OF_PROCESSES, indirect=True)
def test_a_process_reads_whole_rows_while_another_writes(config: StoreConfig, store: RollupStore) -> None:
    keys = [b"k%03d" % i for i in range(100)]
    store.put((key, b"a" * 2_000) for key in keys)
    write = """
    for turn in range(40):
        store.put((b"k%03d" % i, bytes([97 + turn % 26]) * 2_000) for i in range(100))
    """
    writer = process(config, write)
    turns = 0
    while writer.poll() is None or not turns:
        for values in ([value for _, value in store.scan(b"k", b"l")], store.get(keys)):
            assert len(values) == 100
            assert all(value is not None and value == value[:1] * 2_000 for value in values)
        turns += 1
    ended(writer, 0)


OPERATION = st.one_of(
    st.tuples(st.just("put"), st.dictionaries(st.binary(min_size=1, max_size=3), st.binary(max_size=3), max_size=5)),
    st.tuples(st.just("delete"), st.binary(min_size=1, max_size=2)),
    st.tuples(st.just("set"), st.binary(min_size=1, max_size=3), st.none() | st.binary(max_size=2)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
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
    assert caught.value.problems[0].nearest == ("lmdb",)
    for kind in ("lmdb", "bigtable"):
        with pytest.raises(ModelError):
            open_store(StoreConfig(type=kind))


def test_a_store_set_to_read_only_is_read_and_never_written(config: StoreConfig) -> None:
    written = open_store(config)
    written.put([(b"a", b"1")])
    store = open_store(replace(config, read_only=True)) if config.type != "memory" else ReadOnlyStore(written)
    uses: list[Callable[[], object]] = [
        lambda: store.put([(b"a", b"2")]),
        lambda: store.compare_and_set(b"a", b"1", b"2"),
        lambda: store.delete_prefix(b"a"),
    ]
    for use in uses:
        with pytest.raises(StoreError) as caught:
            use()
        assert caught.value.problems[0].code == "store-read-only"
    assert (store.get([b"a"]), list(store.scan(b"a", b"b"))) == ([b"1"], [(b"a", b"1")])
    assert store.shown == written.shown
    store.close()
    written.close()
