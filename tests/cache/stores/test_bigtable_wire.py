"""What the settings of a store in Bigtable do over the wire, and how it meets a server that refuses for a while."""

from __future__ import annotations

import base64
import itertools
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextvars import Context
from time import monotonic, sleep
from typing import Any

import grpc
import pytest
from google.cloud.bigtable_v2.types import CheckAndMutateRowRequest, FeatureFlags, MutateRowsRequest, ReadRowsRequest
from tests.services.bigtable import Bigtable
from tests.services.bigtable_proxy import Call, Proxy, Refused, Rule, bigtable_proxy

from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.bigtable_features import HEADER
from lapwing.cache.stores.waiting import waiting
from lapwing.model.problem import StoreError
from lapwing.model.project import Reads, StoreConfig, Writes

INSTANCE = "projects/test/instances/test"
UNAVAILABLE, EXHAUSTED = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED
SOON = Writes(first_wait=0.02, longest_wait=0.1, time_limit=20, attempt=10)

Open = Callable[..., RollupStore]


@pytest.fixture(name="proxy")
def _proxy(bigtable_server: Bigtable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with bigtable_proxy(bigtable_server.address) as proxy:
        monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", proxy.address)
        yield proxy


@pytest.fixture(name="opened")
def _opened(proxy: Proxy) -> Iterator[Open]:
    stores: list[RollupStore] = []
    table = f"t{uuid.uuid4().hex[:12]}"

    def opened(**given: Any) -> RollupStore:
        stores.append(open_store(StoreConfig(type="bigtable", instance=INSTANCE, table=table, **given)))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


@pytest.fixture(autouse=True)
def _waiting() -> Iterator[None]:
    """As a build does."""
    with waiting(threading.Event()):
        yield


def rows(count: int, size: int = 10) -> list[tuple[bytes, bytes]]:
    return [(b"%06d" % i, bytes(i % 251 for i in range(size))) for i in range(count)]


def refusing(method: str, refused: Callable[[int], Refused | None]) -> Rule:
    """A rule: what the n-th call of the method meets (from 0)."""
    lock, seen = threading.Lock(), 0

    def rule(call: Call) -> None:
        nonlocal seen
        if call.method == method:
            with lock:
                number, seen = seen, seen + 1
            if (one := refused(number)) is not None:
                raise one

    return rule


def first(count: int, code: grpc.StatusCode, wait: float | None = None) -> Callable[[int], Refused | None]:
    return lambda number: Refused(code, wait=wait) if number < count else None


def test_batches_hold_as_many_rows_and_bytes_as_set(proxy: Proxy, opened: Open) -> None:
    store = opened(writes=Writes(batch_rows=100))
    store.put(rows(1_000))
    asked = [MutateRowsRequest.deserialize(one.request) for one in proxy.of("MutateRows")]
    assert sorted(len(one.entries) for one in asked) == [100] * 10
    proxy.calls.clear()
    noise = [(b"%03d" % i, random.Random(i).randbytes(16_000)) for i in range(40)]
    opened(writes=Writes(batch_bytes=1 << 17)).put(noise)
    sizes = [len(one.request) for one in proxy.of("MutateRows")]
    assert len(sizes) == 5
    assert max(sizes) < (1 << 17) + 17_000
    assert store.get([key for key, _ in noise]) == [value for _, value in noise]


@pytest.mark.parametrize(("flight", "most"), [(1 << 17, 1), (1 << 20, 8)])
def test_bytes_in_flight_are_bounded_however_many_write(proxy: Proxy, opened: Open, flight: int, most: int) -> None:
    lock, under_way, seen = threading.Lock(), 0, []

    def enter(call: Call) -> None:
        nonlocal under_way
        if call.method == "MutateRows":
            with lock:
                under_way += 1
                seen.append(under_way)
            sleep(0.03)

    def leave(call: Call) -> None:
        nonlocal under_way
        if call.method == "MutateRows":
            with lock:
                under_way -= 1

    proxy.before, proxy.after = enter, leave
    store = opened(writes=Writes(batch_bytes=1 << 17, bytes_in_flight=flight))
    writers = [
        threading.Thread(
            target=store.put, args=([(b"%d-%d" % (w, i), random.Random(i).randbytes(64_000)) for i in range(20)],)
        )
        for w in range(3)
    ]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert max(seen) <= most
    assert max(seen) > most / 3


def test_the_limits_of_each_attempt_reach_the_server(proxy: Proxy, opened: Open) -> None:
    store = opened(reads=Reads(time_limit=7, attempt=3), writes=Writes(time_limit=9, attempt=4))
    proxy.calls.clear()
    store.put(rows(1))
    store.get([b"000000"])
    store.compare_and_set(b"m", None, b"1")
    limits = {name: proxy.of(name)[0].seconds for name in ("ReadRows", "MutateRows", "CheckAndMutateRow")}
    assert limits == {
        "ReadRows": pytest.approx(3, abs=0.5),
        "MutateRows": pytest.approx(4, abs=0.5),
        "CheckAndMutateRow": pytest.approx(4, abs=0.5),
    }


def test_the_app_profile_is_sent_with_every_request(proxy: Proxy, opened: Open) -> None:
    store = opened(app_profile="builds")
    store.put(rows(1))
    store.get([b"000000"])
    store.compare_and_set(b"m", None, b"1")
    kinds: dict[str, Any] = {
        "ReadRows": ReadRowsRequest,
        "MutateRows": MutateRowsRequest,
        "CheckAndMutateRow": CheckAndMutateRowRequest,
    }
    for name, kind in kinds.items():
        assert {kind.deserialize(one.request).app_profile_id for one in proxy.of(name)} == {"builds"}


@pytest.mark.parametrize("follows", [True, False])
def test_requests_say_whether_they_heed_rates_and_always_waits(proxy: Proxy, opened: Open, follows: bool) -> None:
    opened(writes=Writes(flow_control=follows)).put(rows(1))
    (call,) = proxy.of("MutateRows")
    flags = FeatureFlags.deserialize(base64.urlsafe_b64decode(call.headers[HEADER]))
    assert flags.retry_info
    assert {flags.mutate_rows_rate_limit, flags.mutate_rows_rate_limit2} == {follows}
    assert HEADER in proxy.of("ReadRows")[0].headers


@pytest.mark.parametrize("follows", [True, False])
def test_bulk_writes_follow_the_rate_the_server_asks_for(proxy: Proxy, opened: Open, follows: bool) -> None:
    store = opened(writes=Writes(batch_rows=10, flow_control=follows))
    proxy.rate = (1.0, 60)  # ten requests a second
    store.put(rows(10))
    began = monotonic()
    store.put(rows(150))
    took = monotonic() - began
    assert took >= 1.3 if follows else took < 1.0
    assert store.get([b"000149"]) == [rows(150)[149][1]]


@pytest.mark.parametrize("code", [UNAVAILABLE, EXHAUSTED, grpc.StatusCode.ABORTED])
def test_a_store_that_refuses_for_a_while_is_waited_for(proxy: Proxy, opened: Open, code: grpc.StatusCode) -> None:
    store = opened(writes=SOON)
    proxy.before = refusing("MutateRows", first(4, code))
    store.put(rows(50))
    assert len(proxy.of("MutateRows")) == 5
    proxy.before = refusing("CheckAndMutateRow", first(4, code))
    assert store.compare_and_set(b"m", None, b"1")
    assert not store.compare_and_set(b"m", None, b"2")
    assert store.get([b"m", b"000049"]) == [b"1", rows(50)[49][1]]


def test_waits_grow_up_to_the_longest(proxy: Proxy, opened: Open) -> None:
    times: list[float] = []

    def rule(call: Call) -> None:
        if call.method == "MutateRows":
            times.append(monotonic())
            if len(times) < 7:
                raise Refused(UNAVAILABLE)

    store = opened(writes=Writes(first_wait=0.05, longest_wait=0.2))
    proxy.before = rule
    store.put(rows(1))
    waits = [b - a for a, b in itertools.pairwise(times)]
    for wait, planned in zip(waits, [0.05, 0.1, 0.2, 0.2, 0.2, 0.2], strict=True):
        assert 0.5 * planned <= wait <= 1.5 * planned + 0.15


@pytest.mark.parametrize("method", ["MutateRows", "CheckAndMutateRow"])
def test_the_wait_that_the_server_asks_for_counts(proxy: Proxy, opened: Open, method: str) -> None:
    store = opened(writes=SOON)
    proxy.before = refusing(method, first(1, EXHAUSTED, wait=0.7))
    began = monotonic()
    store.put(rows(1)) if method == "MutateRows" else store.compare_and_set(b"m", None, b"1")
    assert 0.7 <= monotonic() - began < 3


def test_beyond_the_limit_it_is_told_and_nothing_is_written_afterwards(proxy: Proxy, opened: Open) -> None:
    store = opened(writes=Writes(time_limit=1, attempt=1, first_wait=0.02, longest_wait=0.1, batch_rows=10))
    for code, expected in ((UNAVAILABLE, "store-unreachable"), (EXHAUSTED, "store-full")):
        proxy.before = refusing("MutateRows", first(10**9, code))
        began = monotonic()
        with pytest.raises(StoreError) as caught:
            store.put(rows(200))
        assert caught.value.problems[0].code == expected
        assert 0.5 < monotonic() - began < 6
        count = len(proxy.of("MutateRows"))
        sleep(0.3)
        assert len(proxy.of("MutateRows")) == count
    proxy.before = None
    store.put(rows(200))
    assert [key for key, _ in store.scan(b"0", b"1")] == [key for key, _ in rows(200)]


@pytest.mark.parametrize("method", ["MutateRows", "CheckAndMutateRow"])
def test_what_is_told_is_why_it_refused_not_that_the_last_try_had_too_little_time(
    proxy: Proxy, opened: Open, method: str
) -> None:
    calls = 0

    def exhausted_then_slow(call: Call) -> None:
        nonlocal calls
        if call.method == method:
            calls += 1
            if calls > 2:
                sleep(1)
            raise Refused(EXHAUSTED)

    store = opened(writes=Writes(time_limit=1, attempt=0.4, first_wait=0.02, longest_wait=0.05))
    proxy.before = exhausted_then_slow
    with pytest.raises(StoreError) as caught:
        store.put(rows(1)) if method == "MutateRows" else store.compare_and_set(b"m", None, b"1")
    assert caught.value.problems[0].code == "store-full"


def test_what_will_not_pass_is_told_at_once(proxy: Proxy, opened: Open) -> None:
    store = opened()
    proxy.before = refusing("MutateRows", first(10**9, grpc.StatusCode.PERMISSION_DENIED))
    with pytest.raises(StoreError) as caught:
        store.put(rows(1))
    assert caught.value.problems[0].code == "store-forbidden"
    assert len(proxy.of("MutateRows")) == 1


def test_a_compare_and_set_whose_answer_is_lost_is_known_to_be_done(proxy: Proxy, opened: Open) -> None:
    store = opened(writes=SOON)
    proxy.after = refusing("CheckAndMutateRow", first(1, UNAVAILABLE))
    assert store.compare_and_set(b"m", None, b"one")
    proxy.after = refusing("CheckAndMutateRow", first(2, UNAVAILABLE))
    assert store.compare_and_set(b"m", b"one", b"two")
    proxy.after = refusing("CheckAndMutateRow", first(1, UNAVAILABLE))
    assert store.compare_and_set(b"m", b"two", None)
    assert store.get([b"m"]) == [None]


def test_a_compare_and_set_that_can_not_be_known_to_be_done_is_told(proxy: Proxy, opened: Open) -> None:
    """Its answer was lost, and someone changed the row before it could be asked for."""
    store, other = opened(writes=SOON), opened(writes=SOON)
    lost = refusing("CheckAndMutateRow", first(1, UNAVAILABLE))

    def after(call: Call) -> None:
        if call.method == "CheckAndMutateRow":
            proxy.after = None
            assert other.compare_and_set(b"m", b"one", b"other")
        lost(call)

    proxy.after = after
    with pytest.raises(StoreError) as caught:
        store.compare_and_set(b"m", None, b"one")
    assert caught.value.problems[0].code == "store-unreachable"
    assert store.get([b"m"]) == [b"other"]


def test_a_compare_and_set_that_was_surely_not_done_is_in_no_doubt(proxy: Proxy, opened: Open) -> None:
    store, other = opened(writes=SOON), opened(writes=SOON)

    def before(call: Call) -> None:
        if call.method == "CheckAndMutateRow":
            proxy.before = None
            assert other.compare_and_set(b"m", None, b"other")
            raise Refused(EXHAUSTED)

    proxy.before = before
    assert not store.compare_and_set(b"m", None, b"one")
    assert store.get([b"m"]) == [b"other"]


def test_what_answers_leave_behind_waits_no_longer_than_they_do(proxy: Proxy, opened: Open) -> None:
    store = opened(reads=Reads(time_limit=0.5, attempt=0.2), writes=SOON)
    proxy.before = lambda call: refuse(call, ("MutateRows", "CheckAndMutateRow"))
    uses: list[Callable[[], object]] = [
        lambda: store.put(rows(1)),
        lambda: store.compare_and_set(b"m", None, b"1"),
    ]
    for use in uses:
        began = monotonic()
        with pytest.raises(StoreError):
            Context().run(use)  # as who is in no build
        assert monotonic() - began < 2


def refuse(call: Call, methods: tuple[str, ...]) -> None:
    if call.method in methods:
        raise Refused(UNAVAILABLE)


def test_closing_ends_the_wait_for_a_store_that_refuses(proxy: Proxy, opened: Open) -> None:
    store = opened(writes=Writes(first_wait=5))
    proxy.before = refusing("MutateRows", first(10**9, UNAVAILABLE))
    caught: list[BaseException] = []

    def put() -> None:
        try:
            store.put(rows(1))
        except StoreError as error:
            caught.append(error)

    thread = threading.Thread(target=put)
    thread.start()
    while not proxy.of("MutateRows"):
        sleep(0.01)
    sleep(0.1)
    began = monotonic()
    store.close()
    thread.join(10)
    assert monotonic() - began < 2
    assert [getattr(one, "problems")[0].code for one in caught] == ["store-closed"]  # noqa: B009  it is a StoreError
