"""Formats: nothing is lost, null is told from the empty text, the first bytes come before the last batch."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from decimal import Decimal

import orjson
import pyarrow as pa
import pytest
from pyarrow import parquet

from lapwing.server.encode.cells import json_rows
from lapwing.server.encode.columnar import columnar, dumps
from lapwing.server.encode.moments import iso
from lapwing.server.encode.stream import Format, encode
from lapwing.server.encode.types import columns

MOMENT = dt.datetime(2013, 2, 8, 10, 0, tzinfo=dt.UTC)
BATCH = pa.record_batch(
    {
        "text": pa.array(["x", "", None]),
        "money": pa.array([Decimal("12345678901234567890.25"), None, Decimal("-0.50")], pa.decimal128(38, 2)),
        "big": pa.array([2**60, 1, None]),
        "share": pa.array([0.1, float("nan"), None]),
        "at": pa.array([MOMENT, None, MOMENT.replace(microsecond=500_000)], pa.timestamp("us", "America/New_York")),
        "wall": pa.array([MOMENT.replace(tzinfo=None), None, None], pa.timestamp("us")),
        "day": pa.array([dt.date(2013, 2, 8), None, None]),
    }
)


def test_rows_keep_every_digit_and_name_the_offset() -> None:
    first, second, third = json_rows(BATCH)
    at = "2013-02-08T05:00:00-05:00"
    assert first == ["x", "12345678901234567890.25", str(2**60), 0.1, at, "2013-02-08T10:00:00", "2013-02-08"]
    assert second == ["", None, 1, "NaN", None, None, None]
    assert third[4] == "2013-02-08T05:00:00.500000-05:00"


def test_the_end_of_a_day_is_a_time() -> None:
    for unit in ("us", "ns"):
        times = pa.array([None, 0, 86_400_000_000 * (1 if unit == "us" else 1_000)], pa.time64(unit))
        assert iso(times).to_pylist() == [None, "00:00:00", "24:00:00"]


def test_columnar_writes_milliseconds_and_all_digits() -> None:
    text = dumps(columnar(pa.Table.from_batches([BATCH])))
    data = json.loads(text, parse_float=Decimal)
    assert data["at"] == [1360317600000, None, 1360317600500]
    assert data["money"] == [Decimal("12345678901234567890.25"), None, Decimal("-0.50")]
    assert data["share"] == [Decimal("0.1"), None, None]
    assert data["big"] == [2**60, 1, None]


def test_csv_tells_null_from_empty() -> None:
    lines = b"".join(encode(BATCH.schema, [BATCH], Format.CSV)).decode().splitlines()
    assert lines[2].startswith('"",,1,nan,')
    assert lines[3].startswith(",-0.50,,,")


def test_columns_are_named_as_people_know_them() -> None:
    names = ["text", "decimal", "integer", "float", "timestamptz", "timestamp", "date"]
    assert [column["type"] for column in columns(BATCH.schema)] == names


@pytest.mark.parametrize("form", list(Format))
def test_first_bytes_come_before_the_last_batch(form: Format) -> None:
    pulled = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal pulled
        for _ in range(3):
            pulled += 1
            yield BATCH

    stream = encode(BATCH.schema, batches(), form)
    assert next(stream)
    assert pulled == 1


def test_arrow_parquet_and_json_read_back() -> None:
    table = pa.Table.from_batches([BATCH, BATCH])
    arrow = b"".join(encode(BATCH.schema, table.to_batches(), Format.ARROW))
    assert pa.ipc.open_stream(arrow).read_all().drop_columns("share").equals(table.drop_columns("share"))
    packed = io.BytesIO(b"".join(encode(BATCH.schema, table.to_batches(), Format.PARQUET)))
    assert parquet.read_table(packed).select(["money", "at"]).equals(table.select(["money", "at"]))
    rows = orjson.loads(b"".join(encode(BATCH.schema, table.to_batches(), Format.JSON)))
    assert len(rows) == 6
    assert rows[2]["text"] is None


@pytest.mark.parametrize("form", list(Format))
def test_an_empty_answer_is_whole(form: Format) -> None:
    data = b"".join(encode(BATCH.schema, [], form))
    if form is Format.JSON:
        assert orjson.loads(data) == []
    if form is Format.ARROW:
        assert pa.ipc.open_stream(data).read_all().num_rows == 0
    if form is Format.CSV:
        assert data.startswith(b'"text"')
