"""Chunks: every array comes back as it was, damage is noticed, small numbers are stored narrow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lapwing.cache.chunk import pack, unpack, unpack_many
from lapwing.model.problem import StoreError

DTYPES = ["<i8", "<i8", "<f8"]


def _bits(array: np.ndarray) -> list[int]:
    return [int(bits) for bits in np.ascontiguousarray(array).view("<i8")]


@st.composite
def chunks(draw: st.DrawFn) -> tuple[np.ndarray, list[np.ndarray]]:
    dense = draw(st.booleans())
    chosen = draw(st.sets(st.integers(0, 2**31 - 1), max_size=20))
    buckets = np.arange(len(chosen)) if dense else np.array(sorted(chosen), dtype="<i8")
    bits = draw(st.integers(1, 63))
    integers = arrays.arrays("<i8", len(chosen), elements=st.integers(-(2**bits), 2**bits - 1))
    floats = arrays.arrays("<f8", len(chosen), elements=st.floats(allow_nan=True))
    return buckets.astype("<i8"), [draw(integers), draw(integers), draw(floats)]


@given(st.lists(chunks(), min_size=1, max_size=4))
def test_many_chunks_come_back_as_they_were(given_chunks: list[tuple[np.ndarray, list[np.ndarray]]]) -> None:
    packed = [pack(buckets, list(zip(DTYPES, columns, strict=True))) for buckets, columns in given_chunks]
    counts, buckets, columns = unpack_many(packed, DTYPES, check=True)
    assert counts.tolist() == [len(b) for b, _ in given_chunks]
    assert buckets.tolist() == [b for bs, _ in given_chunks for b in bs.tolist()]
    for index, column in enumerate(columns):
        assert column.dtype == DTYPES[index]
        assert _bits(column) == [bit for _, cs in given_chunks for bit in _bits(cs[index])]


def test_no_chunks() -> None:
    counts, buckets, columns = unpack_many([], DTYPES)
    assert len(counts) == len(buckets) == 0
    assert [column.dtype.str for column in columns] == DTYPES


@given(chunks(), st.data())
def test_any_changed_byte_is_noticed(chunk: tuple[np.ndarray, list[np.ndarray]], data: st.DataObject) -> None:
    packed = bytearray(pack(chunk[0], list(zip(DTYPES, chunk[1], strict=True))))
    position = data.draw(st.integers(0, len(packed) - 1))
    packed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StoreError):
        unpack(bytes(packed), DTYPES)


@pytest.mark.parametrize("cut", [0, 5, 12, 40])
def test_a_cut_chunk_is_noticed_without_the_checksum(cut: int) -> None:
    packed = pack(np.arange(100), [("<i8", np.arange(100)), ("<i8", np.arange(100)), ("<f8", np.arange(100.0))])
    with pytest.raises(StoreError) as caught:
        unpack(packed[:cut], DTYPES, check=False)
    assert caught.value.problems[0].code == "store-damaged"


def test_a_newer_format_is_told_from_damage() -> None:
    packed = bytearray(pack(np.arange(3), [("<i8", np.arange(3))]))
    packed[0] = 2
    with pytest.raises(StoreError) as caught:
        unpack(bytes(packed), ["<i8"])
    assert caught.value.problems[0].code == "store-newer"


def test_small_numbers_are_narrow_and_equal_ones_are_kept_once() -> None:
    rows = np.arange(720)
    small, zero = rows % 100, np.zeros(720, "<i8")
    assert len(pack(rows, [("<i8", small)])) < 720 + 32
    assert len(pack(rows, [("<i8", zero)])) < 32
    assert len(pack(rows + 1, [("<i8", zero)])) > 4 * 720, "not dense: bucket numbers are kept"


@given(
    st.integers(1, 4),
    st.integers(0, 30),
    st.lists(st.sampled_from([0, 1, 100, 10**4, 10**9, 10**18]), min_size=1, max_size=4),
    st.booleans(),
)
def test_chunks_alike_are_read_as_each_alone(chunks_: int, rows: int, sizes: list[int], ends: bool) -> None:
    chance = np.random.default_rng(chunks_ * 31 + rows)
    dtypes = ["<i8"] * len(sizes) + ["<f8"]
    packed, columns = [], []
    for _ in range(chunks_):
        made = [chance.integers(-size, size + 1, rows) for size in sizes] + [chance.random(rows)]
        if ends and rows > 1:
            for array, size in zip(made[:-1], sizes, strict=True):
                array[0], array[-1] = -size, size
        columns.append(made)
        packed.append(pack(np.arange(rows), list(zip(dtypes, made, strict=True))))
    counts, buckets, got = unpack_many(packed, dtypes)
    assert counts.tolist() == [rows] * chunks_
    assert buckets.tolist() == list(range(rows)) * chunks_
    for index, column in enumerate(got):
        assert column.dtype == dtypes[index]
        assert column.tolist() == np.concatenate([made[index] for made in columns]).tolist()
