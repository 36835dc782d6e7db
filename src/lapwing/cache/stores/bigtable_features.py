"""What Bigtable's client for Python leaves out of the protocol: that the client heeds rates and waits the server asks for."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any, Final

import grpc
from google.cloud.bigtable_v2.types import FeatureFlags

from lapwing.cache.stores.pace import Pace

HEADER: Final = "bigtable-features"
_BULK: Final = "/google.bigtable.v2.Bigtable/MutateRows"


class Features(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]  # has no types
    """Every request says what its client understands: how long to wait before a retry, always; a rate for bulk writes, with
    a `pace`, which then hears of it. As Google's clients for other languages do it."""

    def __init__(self, pace: Pace | None) -> None:
        self._pace = pace
        follows = pace is not None
        flags = FeatureFlags(retry_info=True, mutate_rows_rate_limit=follows, mutate_rows_rate_limit2=follows)
        self._header = (HEADER, base64.urlsafe_b64encode(FeatureFlags.serialize(flags)).decode())

    def intercept_unary_unary(self, go_on: Callable[[Any, Any], Any], details: Any, request: Any) -> Any:
        return go_on(self._with_header(details), request)

    def intercept_unary_stream(self, go_on: Callable[[Any, Any], Any], details: Any, request: Any) -> Any:
        call = go_on(self._with_header(details), request)
        return _heeded(call, self._pace) if self._pace is not None and details.method == _BULK else call

    def _with_header(self, details: Any) -> Any:
        return details._replace(metadata=[*(details.metadata or ()), self._header])


def _heeded(call: Any, pace: Pace) -> Iterator[Any]:
    """The answers of a bulk write, whose rates the pace is told."""
    for response in call:
        if "rate_limit_info" in response:
            asked = response.rate_limit_info
            pace.told(asked.factor, asked.period.total_seconds())
        yield response
