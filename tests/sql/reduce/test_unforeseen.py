"""A fault that nobody foresaw, while values are found or rows are kept for them, costs time or is told: no row is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from tests.sql.reduce.test_reduced import answer, eager, whole

from lapwing.sources.base import Source, Stream, Table
from lapwing.sql.reduce import keys, values
from lapwing.sql.service import SqlService

__all__ = ["eager"]
TEXT = "select t.id from pg.r r join my.t t on t.k = r.k where r.id < 5"
HELD = "select t.id, r.name from own.r r join my.t t on t.k = r.k where r.id < 5"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("text", [TEXT, HELD])
@pytest.mark.parametrize(
    ("where", "name"), [(values, "_saves"), (keys, "key_condition"), (values.Reduction, "_values")]
)
def test_the_scan_is_read_without_keys(
    scattered: SqlService, text: str, where: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = whole(scattered, text)

    def fails(*given: object) -> None:
        raise RuntimeError("nobody foresaw it")

    monkeypatch.setattr(where, name, fails)
    assert answer(scattered, text) == right


class Breaks(Stream):
    """Breaks off after its first rows."""

    def __init__(self, stream: Stream) -> None:
        self.schema, self._stream = stream.schema, stream

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        yield next(iter(self._stream)).slice(0, 1)
        raise KeyError("nobody foresaw it")

    def cancel(self) -> None:
        self._stream.cancel()

    def close(self) -> None:
        self._stream.close()


@pytest.mark.parametrize("broken", ["r", "t"])
def test_rows_that_break_off_are_an_error(scattered: SqlService, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where others wait for them they had ended without one."""
    source = type(scattered.catalog.source("pg"))
    plain = source.scan

    def scan(self: Source, table: Table, *given: Any, **named: Any) -> Stream:
        stream = plain(self, table, *given, **named)
        return Breaks(stream) if table.name == broken else stream

    monkeypatch.setattr(source, "scan", scan)
    assert answer(scattered, TEXT) == "source-failed"


def test_a_read_that_can_not_begin_is_an_error(scattered: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: object, **named: object) -> Stream:
        raise KeyError("nobody foresaw it")

    monkeypatch.setattr(type(scattered.catalog.source("pg")), "scan", fails)
    assert answer(scattered, TEXT) == "source-failed"
