"""What only Bigtable has: a server that is gone, slow, closed to us, or holds something else."""

from __future__ import annotations

import random
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from functools import partial
from time import monotonic, sleep

import grpc
import psutil
import pytest
from tests.cache.stores.places import INSTANCE, place
from tests.services.base import running
from tests.services.bigtable import Bigtable

from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.bigtable import BigtableStore
from lapwing.cache.stores.bigtable_errors import told
from lapwing.cache.stores.bigtable_table import FAMILY, FORMAT_KEY, QUALIFIER, Address, admin_client
from lapwing.model.problem import StoreError
from lapwing.model.project import Reads, Writes

SECONDS = 1.5
PATIENCE = 20.0
"""Far longer than any limit set here: a call that takes this long has none."""


@pytest.fixture
def address(request: pytest.FixtureRequest) -> Address:
    config = place("bigtable", request)
    assert config.table is not None
    return Address(instance=INSTANCE, table=config.table)


@pytest.fixture
def own_server(bigtable_server: Bigtable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bigtable]:
    """An emulator that the test may stop. `bigtable_server` first, so that a machine without one skips."""
    with running(Bigtable) as server:
        monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", server.address)
        yield server


def opened(address: Address, *, read_only: bool = False) -> BigtableStore:
    reads = Reads(time_limit=SECONDS, attempt=SECONDS / 2)
    return BigtableStore(address, read_only=read_only, reads=reads, writes=Writes(time_limit=SECONDS, attempt=SECONDS))


def code(use: Callable[[], object]) -> str:
    """The code of the StoreError that `use` raises, in time."""
    began = monotonic()
    with pytest.raises(StoreError) as caught:
        use()
    assert monotonic() - began < PATIENCE
    (problem,) = caught.value.problems
    assert problem.message.endswith(".")
    assert problem.hint
    return problem.code


def uses(store: RollupStore) -> list[Callable[[], object]]:
    return [
        lambda: store.get([b"a"]),
        lambda: list(store.scan(b"a", b"b")),
        lambda: store.put([(b"a", b"1")]),
        lambda: store.compare_and_set(b"a", None, b"1"),
        lambda: store.delete_prefix(b"a"),
    ]


@contextmanager
def paused(server: Bigtable) -> Iterator[None]:
    """It is there, and does not answer."""
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    try:
        while psutil.Process(server.process.pid).status() != psutil.STATUS_STOPPED:
            sleep(0.01)
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


def test_a_server_that_stops_answering_is_told_in_time_and_used_again_afterwards(own_server: Bigtable) -> None:
    store = opened(Address(instance=INSTANCE, table="t"))
    store.put([(b"a", b"1")])
    with paused(own_server):
        assert {code(use) for use in uses(store)} == {"store-unreachable"}
    assert _after(lambda: store.get([b"a"])) == [b"1"]
    store.put([(b"b", b"2")])
    assert store.compare_and_set(b"b", b"2", None)
    store.close()


def test_a_server_killed_in_the_middle_is_told_and_a_new_one_can_be_used(own_server: Bigtable) -> None:
    address = Address(instance=INSTANCE, table="t")
    store = opened(address)
    store.put((b"k%05d" % i, b"v" * 100) for i in range(3_000))
    scan = store.scan(b"a", b"z")
    next(scan)
    own_server.stop()
    assert code(lambda: list(scan)) == "store-unreachable"
    assert {code(use) for use in uses(store)} == {"store-unreachable"}
    own_server.start()  # an emulator comes back empty, without the table
    assert _after(lambda: code(lambda: store.get([b"a"])), until="store-missing") == "store-missing"
    again = opened(address)
    again.put([(b"a", b"1")])
    assert store.get([b"a"]) == [b"1"]
    store.close()
    again.close()


def _after(use: Callable[[], object], until: object = None) -> object:
    """What `use` gives once the connection is back (and, with `until`, once that is what it gives)."""
    last = monotonic() + PATIENCE
    while True:
        try:
            found = use()
        except StoreError:
            if monotonic() > last:
                raise
        else:
            if until in (None, found) or monotonic() > last:
                return found


def test_readers_need_not_all_wait_for_a_server_that_is_gone(own_server: Bigtable) -> None:
    store = opened(Address(instance=INSTANCE, table="t"))
    own_server.stop()
    assert code(lambda: store.get([b"a"])) == "store-unreachable"
    began = monotonic()
    for _ in range(1_000):
        with pytest.raises(StoreError):
            store.get([b"a"])
        if monotonic() - began > SECONDS:
            break
    else:
        store.close()
        return
    pytest.fail("each read waited anew")


def test_opening_what_does_not_answer_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for host in (f"127.0.0.1:{silent.getsockname()[1]}", "127.0.0.1:1", "no-such-host.invalid:1"):
            monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", host)
            assert code(lambda: opened(Address(instance=INSTANCE, table="t"))) == "store-unreachable"


def test_a_reader_makes_no_table(address: Address) -> None:
    assert code(lambda: opened(address, read_only=True)) == "store-missing"
    assert code(lambda: opened(address, read_only=True)) == "store-missing"
    opened(address).close()
    opened(address, read_only=True).close()


@pytest.mark.parametrize("written", [b"7", b"something else"])
def test_what_a_newer_lapwing_wrote_is_refused_and_left_alone(address: Address, written: bytes) -> None:
    from google.cloud.bigtable.data import SetCell

    store = opened(address)
    store._table.mutate_row(FORMAT_KEY, SetCell(FAMILY, QUALIFIER, written, timestamp_micros=0))
    store.close()
    for read_only in (False, True):
        with pytest.raises(StoreError, match=f"format {written.decode()}; this one knows 1"):
            opened(address, read_only=read_only)


def test_a_row_that_lapwing_did_not_write_is_told(address: Address) -> None:
    from google.cloud.bigtable.data import SetCell

    store = opened(address)
    store._table.mutate_row(b"rx", SetCell(FAMILY, QUALIFIER, b"?" * 40, timestamp_micros=0))
    assert code(lambda: store.get([b"x"])) == "store-damaged"
    store.close()


def test_a_table_of_others_is_refused_and_left_alone(address: Address) -> None:
    from google.cloud.bigtable_admin_v2.types import ColumnFamily, Table

    admin = admin_client()
    table = Table(column_families={"x": ColumnFamily()})
    admin.create_table(request={"parent": INSTANCE, "table_id": address.table, "table": table})
    for read_only in (False, True):
        assert code(partial(opened, address, read_only=read_only)) == "store-foreign"
    assert list(admin.get_table(request={"name": str(address)}).column_families) == ["x"]
    admin.transport.close()


def test_many_may_make_the_table_at_once(address: Address) -> None:
    with futures.ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: opened(address), range(8)))
    for number, store in enumerate(stores):
        store.put([(b"%d" % number, b"")])
    assert len(list(stores[0].scan(b"", b"z"))) == 8
    for store in stores:
        store.close()


def test_batches_are_sent_side_by_side_unless_they_share_a_key(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(address)
    send, lock = store._writer._send, threading.Lock()
    under_way: list[set[bytes]] = []
    most = 0

    def watched(batch: dict[bytes, object]) -> None:
        nonlocal most
        with lock:
            assert all(map(set(batch).isdisjoint, under_way)), "two mutations of one key may change places"
            under_way.append(set(batch))
            most = max(most, len(under_way))
        sleep(0.05)  # so that they meet
        send(batch)
        with lock:
            under_way.remove(set(batch))

    monkeypatch.setattr(store._writer, "_send", watched)
    body = bytes(range(256)) * 8
    store.put((b"%07d" % i, body) for i in range(40_000))
    assert most > 1
    store.put((b"%07d" % (i % 9_000), body + b"%d" % i) for i in range(10_000))
    for turn in range(3):
        store.put((b"x%d" % (i % 2), random.Random(i).randbytes(3 << 20) + b"%d" % turn) for i in range(8))
    store.close()


def test_closing_ends_what_others_wait_for(own_server: Bigtable) -> None:
    store = BigtableStore(Address(instance=INSTANCE, table="t"))  # with the limits of real use
    with paused(own_server), futures.ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(use) for use in uses(store)]
        sleep(0.2)  # most of them wait for the server then; it does not matter which
        began = monotonic()
        store.close()
        codes = {error.problems[0].code for one in waiting if isinstance(error := one.exception(), StoreError)}
        assert monotonic() - began < 8  # below every limit
    assert codes == {"store-closed"}


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BIGTABLE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    with pytest.raises(StoreError) as caught:
        opened(Address(instance=INSTANCE, table="t"))
    assert caught.value.problems[0].code == "store-credentials"
    assert "/nowhere/key.json" in str(caught.value)
    assert str(caught.value).index("GOOGLE_APPLICATION") < str(caught.value).index("metadata server")


def test_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.bigtable.data", None)
    with pytest.raises(StoreError) as caught:
        open_store_of("projects/p/instances/i")
    assert caught.value.problems[0].code == "store-library"
    assert "pip install 'lapwing[bigtable]'" in str(caught.value)


def open_store_of(instance: str) -> RollupStore:
    from lapwing.model.project import StoreConfig

    return open_store(StoreConfig(type="bigtable", instance=instance, table="t"))


@contextmanager
def refusing(status: grpc.StatusCode, says: str) -> Iterator[str]:
    """A server that answers everything with an error; its address."""

    class Refuse(grpc.GenericRpcHandler):  # type: ignore[misc]  # it has no types
        def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
            return grpc.unary_stream_rpc_method_handler(lambda _, context: context.abort(status, says))

    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=(Refuse(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize(
    ("status", "says", "expected"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, "Missing IAM permission bigtable.tables.readRows", "store-forbidden"),
        (grpc.StatusCode.UNAUTHENTICATED, "Request had invalid credentials", "store-credentials"),
        (grpc.StatusCode.NOT_FOUND, "Instance projects/test/instances/test not found", "store-missing"),
        (grpc.StatusCode.UNAVAILABLE, "The service is unavailable", "store-unreachable"),
        (grpc.StatusCode.INTERNAL, "Something broke", "store-unreachable"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "Node storage is full", "store-full"),
        (
            grpc.StatusCode.FAILED_PRECONDITION,
            "The app profile does not allow single-row transactions",
            "store-profile",
        ),
    ],
)
def test_each_refusal_says_what_to_do(
    status: grpc.StatusCode, says: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing(status, says) as host:
        monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", host)
        address = Address(instance=INSTANCE, table="t")
        assert code(lambda: opened(address)) == expected
        with pytest.raises(StoreError) as caught:
            opened(address)
        assert INSTANCE in str(caught.value) or expected in ("store-credentials", "store-profile")


def test_other_errors_pass_through() -> None:
    with pytest.raises(ValueError, match="of ours"), told("t"):
        raise ValueError("of ours")
