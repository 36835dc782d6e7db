"""A proxy before Bigtable's emulator: it records what it is asked, and refuses, delays, loses or changes answers as told.

Requests that the emulator does not know go to a double of the API for instances and app profiles, where one is given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.cloud.bigtable_v2.types import MutateRowsResponse
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from tests.services.base import free_port
from tests.services.bigtable_admin_double import InstanceAdmin

_STREAMS = ("ReadRows", "MutateRows", "SampleRowKeys")
_ANY_SIZE = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request: the method's name, the bytes that were sent, the headers, and the seconds that the client gives it."""

    method: str
    request: bytes
    headers: Mapping[str, Any]
    seconds: float


class Refused(Exception):
    """What the proxy answers in place of the emulator. `wait`: that the client should wait so many seconds."""

    def __init__(self, code: grpc.StatusCode, says: str = "Refused by the proxy.", wait: float | None = None) -> None:
        super().__init__(says)
        self.code, self.says, self.wait = code, says, wait


Rule = Callable[[Call], None]


@dataclass(kw_only=True)
class Proxy:
    """`before` is called with each request, and may sleep or raise `Refused`; `after` likewise once the emulator has done what
    was asked. `rate`: the factor and the period in seconds that bulk writes are told."""

    address: str = ""
    before: Rule | None = None
    after: Rule | None = None
    rate: tuple[float, float] | None = None
    calls: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, method: str) -> list[Call]:
        """The calls of a method so far."""
        with self.lock:
            return [one for one in self.calls if one.method == method]

    def answers(self, call: Call, emulator: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
        """What the client gets."""
        with self.lock:
            self.calls.append(call)
        if self.before is not None:
            self.before(call)
        found = list(emulator())
        if self.after is not None:
            self.after(call)
        for one in found:
            yield self._rated(one) if self.rate and call.method == "MutateRows" else one

    def _rated(self, answer: bytes) -> bytes:
        assert self.rate is not None
        factor, period = self.rate
        response = MutateRowsResponse.deserialize(answer)
        response.rate_limit_info = {
            "factor": factor,
            "period": {"seconds": int(period), "nanos": int(period % 1 * 1e9)},
        }
        written: bytes = MutateRowsResponse.serialize(response)
        return written


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]  # it has no types
    def __init__(self, proxy: Proxy, channel: grpc.Channel, admin: InstanceAdmin | None) -> None:
        self._proxy, self._channel = proxy, channel
        self._admin = admin.handler() if admin is not None else None

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        handler = self._admin.service(details) if self._admin is not None else None
        if handler is not None:
            return handler
        method = details.method
        name = method.rpartition("/")[2]

        def ask(request: bytes, context: Any) -> Iterator[bytes]:
            headers = dict(details.invocation_metadata)
            call = Call(method=name, request=request, headers=headers, seconds=context.time_remaining())
            try:
                yield from self._proxy.answers(call, lambda: self._forwarded(method, request, context))
            except Refused as refused:
                _abort(context, refused)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())

        if name in _STREAMS:
            return grpc.unary_stream_rpc_method_handler(ask)
        return grpc.unary_unary_rpc_method_handler(lambda request, context: next(ask(request, context)))

    def _forwarded(self, method: str, request: bytes, context: Any) -> Iterator[bytes]:
        given = {"timeout": context.time_remaining(), "metadata": [("x-goog-request-params", "")]}
        if method.rpartition("/")[2] in _STREAMS:
            yield from self._channel.unary_stream(method)(request, **given)
        else:
            yield self._channel.unary_unary(method)(request, **given)


def _abort(context: Any, refused: Refused) -> None:
    if refused.wait is not None:
        info = error_details_pb2.RetryInfo()
        info.retry_delay.FromNanoseconds(int(refused.wait * 1e9))
        detail = any_pb2.Any()
        detail.Pack(info)
        status = status_pb2.Status(code=refused.code.value[0], message=refused.says, details=[detail])
        context.set_trailing_metadata([("grpc-status-details-bin", status.SerializeToString())])
    context.abort(refused.code, refused.says)


@contextmanager
def bigtable_proxy(emulator: str, admin: InstanceAdmin | None = None) -> Iterator[Proxy]:
    """The proxy before the emulator at that address, listening at `address`."""
    proxy = Proxy(address=f"127.0.0.1:{free_port()}")
    channel = grpc.insecure_channel(emulator, options=_ANY_SIZE)
    server = grpc.server(ThreadPoolExecutor(32), options=_ANY_SIZE)
    server.add_generic_rpc_handlers((_Handler(proxy, channel, admin),))
    server.add_insecure_port(proxy.address)
    server.start()
    try:
        yield proxy
    finally:
        server.stop(0).wait()
        channel.close()
