"""Batches bounded by bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.sql.batches import ASKED, BYTES, FEW, MOST, ROWS, SOON, gathered, rows_for
from lapwing.sql.service import SqlService

WIDTH = 50_000


@given(sizes=st.lists(st.integers(0, FEW), max_size=60))
def test_gathered_batches_hold_the_same_rows(sizes: list[int]) -> None:
    numbers = iter(range(sum(sizes)))
    batches = [pa.record_batch({"a": pa.array([next(numbers) for _ in range(size)], pa.int64())}) for size in sizes]
    found = list(gathered(batches))
    assert [one for batch in found for one in batch["a"].to_pylist()] == list(range(sum(sizes)))
    assert all(batch.num_rows < ROWS + FEW for batch in found)
    assert len(found) <= 5 + sum(sizes) // ROWS


def test_what_comes_slowly_is_not_held() -> None:
    def slow() -> Iterator[pa.RecordBatch]:
        for _ in range(4):
            time.sleep(SOON * 1.2)
            yield pa.record_batch({"a": [1]})

    assert [batch.num_rows for batch in gathered(slow())] == [1] * 4


def test_wide_batches_are_not_gathered() -> None:
    wide = pa.record_batch({"a": ["x" * (BYTES // 4)] * 4})
    assert [batch.num_rows for batch in gathered([wide] * 3)] == [4, 4, 4]
    wider = pa.record_batch({"a": ["x" * BYTES] * 10})
    assert [batch.num_rows for batch in gathered([wider] * 2)] == [3, 3, 3, 1] * 2


@pytest.mark.parametrize(("columns", "rows"), [(1, ASKED), (512, ASKED), (1_024, 1_024), (5_000, FEW)])
def test_many_numbers_are_wide_too(columns: int, rows: int) -> None:
    assert rows_for(pa.schema([(f"c{number}", pa.int64()) for number in range(columns)])) == rows


@pytest.mark.parametrize(("width", "most"), [(WIDTH, MOST + 2 * WIDTH), (1, ROWS * 100)])
def test_the_engine_gives_no_larger_ones(local: SqlService, width: int, most: int) -> None:
    with local.run(f"select i, repeat('x', {width}) as s from range(3000) t(i)") as running:
        found = list(running)
    assert sum(batch.num_rows for batch in found) == 3_000
    assert max(batch.nbytes for batch in found) <= most
    assert found[0].num_rows <= FEW
    assert len(found) > 30 if width == WIDTH else len(found) < 5
