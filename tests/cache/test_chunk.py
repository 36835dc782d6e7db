"""Chunks: every array comes back as it was, damage is noticed, small numbers are stored narrow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lapwing.cache.chunk import VERSION, pack, pack_many
from lapwing.cache.layout import Stored
from lapwing.cache.unpack import unpack
from lapwing.model.problem import StoreError

FLAT = [Stored("<i8"), Stored("<i8"), Stored("<f8")]
# Numbers, sizes, what belongs to them, lengths among that, and the bytes of these.
ENTRIES = [
    Stored("<i8"),
    Stored("<f8"),
    Stored("<i8"),
    Stored("<i8", of=2),
    Stored("<i8", of=2),
    Stored("|u1", of=4),
    Stored("<f8", of=2),
]
Chunk = tuple[np.ndarray, list[np.ndarray]]


def _bits(array: np.ndarray) -> list[int]:
    return [int(bits) for bits in np.ascontiguousarray(array).view("<i8" if array.dtype.itemsize == 8 else "|u1")]


def _offsets(draw: st.DrawFn) -> np.ndarray:
    dense = draw(st.booleans())
    chosen = draw(st.sets(st.integers(0, 2**31 - 1), max_size=20))
    return (np.arange(len(chosen)) if dense else np.array(sorted(chosen), dtype="<i8")).astype("<i8")


def _numbers(draw: st.DrawFn, count: int, dtype: str) -> np.ndarray:
    if dtype == "<f8":
        return draw(arrays.arrays("<f8", count, elements=st.floats(allow_nan=True)))
    bits = draw(st.integers(1, 62))
    base = draw(st.sampled_from([0, 0, 10**6, -(10**12)]))
    return draw(arrays.arrays("<i8", count, elements=st.integers(-(2**bits), 2**bits - 1))) + base


@st.composite
def chunks(draw: st.DrawFn) -> Chunk:
    buckets = _offsets(draw)
    return buckets, [_numbers(draw, len(buckets), column.dtype) for column in FLAT]


@st.composite
def chunks_of_entries(draw: st.DrawFn) -> Chunk:
    buckets = _offsets(draw)
    made: list[np.ndarray] = []
    for place, column in enumerate(ENTRIES):
        count = len(buckets) if column.of is None else int(made[column.of].sum())
        if any(other.of == place for other in ENTRIES):
            made.append(draw(arrays.arrays("<i8", count, elements=st.integers(0, 3))))
        elif column.dtype == "|u1":
            made.append(draw(arrays.arrays("|u1", count)))
        else:
            made.append(_numbers(draw, count, column.dtype))
    return buckets, made


def _check(layout: list[Stored], given_chunks: list[Chunk], unpacked: Any) -> None:
    assert unpacked.counts.tolist() == [len(b) for b, _ in given_chunks]
    assert unpacked.offsets.tolist() == [b for bs, _ in given_chunks for b in bs.tolist()]
    for place, column in unpacked.columns.items():
        assert column.dtype == layout[place].dtype
        assert _bits(column) == [bit for _, cs in given_chunks for bit in _bits(cs[place])]


@given(st.lists(chunks(), min_size=1, max_size=4))
def test_many_chunks_come_back_as_they_were(given_chunks: list[Chunk]) -> None:
    packed = [pack(buckets, FLAT, columns) for buckets, columns in given_chunks]
    _check(FLAT, given_chunks, unpack(packed, FLAT, check=True))


@given(st.lists(chunks_of_entries(), min_size=1, max_size=4), st.sets(st.integers(0, len(ENTRIES) - 1)))
def test_entries_come_back_as_they_were(given_chunks: list[Chunk], wanted: set[int]) -> None:
    packed = [pack(buckets, ENTRIES, columns) for buckets, columns in given_chunks]
    _check(ENTRIES, given_chunks, unpack(packed, ENTRIES, check=True))
    _check(ENTRIES, given_chunks, some := unpack(packed, ENTRIES, wanted))
    assert some.columns.keys() == wanted


@given(chunks_of_entries(), st.lists(st.integers(0, 20), max_size=3))
def test_chunks_packed_together_are_those_packed_alone(chunk: Chunk, cuts: list[int]) -> None:
    buckets, columns = chunk
    borders = np.array(sorted({0, len(buckets), *(cut for cut in cuts if cut < len(buckets))}), np.int64)
    if len(borders) < 2:
        return
    together = pack_many(buckets, ENTRIES, columns, borders)
    _check(ENTRIES, [chunk], unpack(together, ENTRIES, check=True)) if len(together) == 1 else None
    joined = unpack(together, ENTRIES, check=True)
    assert joined.counts.tolist() == np.diff(borders).tolist()
    assert joined.offsets.tolist() == buckets.tolist()
    for place, column in joined.columns.items():
        assert _bits(column) == _bits(columns[place])


def test_no_chunks() -> None:
    found = unpack([], ENTRIES)
    assert len(found.counts) == len(found.offsets) == 0
    assert [column.dtype.str for column in found.columns.values()] == [column.dtype for column in ENTRIES]


@given(chunks_of_entries(), st.data())
def test_any_changed_byte_is_noticed(chunk: Chunk, data: st.DataObject) -> None:
    packed = bytearray(pack(chunk[0], ENTRIES, chunk[1]))
    position = data.draw(st.integers(0, len(packed) - 1))
    packed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StoreError):
        unpack([bytes(packed)], ENTRIES, check=True)


@given(chunks_of_entries(), st.data())
def test_a_changed_byte_is_never_more_than_a_problem(chunk: Chunk, data: st.DataObject) -> None:
    packed = bytearray(pack(chunk[0], ENTRIES, chunk[1]))
    position = data.draw(st.integers(0, len(packed) - 1))
    packed[position] ^= data.draw(st.integers(1, 255))
    try:
        found = unpack([bytes(packed)], ENTRIES)
    except StoreError:
        return
    assert len(found.offsets) == found.counts.sum() == len(found.columns[0])


@pytest.mark.parametrize("cut", [0, 5, 12, 40])
def test_a_cut_chunk_is_noticed_without_the_checksum(cut: int) -> None:
    packed = pack(np.arange(100), FLAT, [np.arange(100), np.arange(100), np.arange(100.0)])
    with pytest.raises(StoreError) as caught:
        unpack([packed[:cut]], FLAT)
    assert caught.value.problems[0].code == "store-damaged"


@pytest.mark.parametrize(("version", "code"), [(VERSION + 1, "store-newer"), (VERSION - 1, "store-damaged")])
def test_another_format_is_told(version: int, code: str) -> None:
    packed = bytearray(pack(np.arange(3), FLAT[:1], [np.arange(3)]))
    packed[0] = version
    with pytest.raises(StoreError) as caught:
        unpack([bytes(packed)], FLAT[:1], check=True)
    assert caught.value.problems[0].code == code


def test_small_numbers_are_narrow_and_equal_ones_are_kept_once() -> None:
    rows = np.arange(720)
    small, zero = rows % 100, np.zeros(720, "<i8")
    assert len(pack(rows, FLAT[:1], [small])) < 720 + 32
    assert len(pack(rows, FLAT[:1], [zero])) < 32
    assert len(pack(rows + 1, FLAT[:1], [zero])) > 4 * 720, "not dense: bucket numbers are kept"


def test_entries_far_from_zero_are_kept_as_their_distance() -> None:
    layout = [Stored("<i8"), Stored("<i8", of=0)]
    far = 65_472 + np.arange(100) % 50
    assert len(pack(np.arange(10), layout, [np.full(10, 10), far])) < 100 + 64


@given(
    st.integers(1, 4),
    st.integers(0, 30),
    st.lists(st.sampled_from([0, 1, 100, 10**4, 10**9, 10**18]), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_chunks_alike_are_read_as_each_alone(
    chunks_: int, rows: int, sizes: list[int], ends: bool, entries: bool
) -> None:
    chance = np.random.default_rng(chunks_ * 31 + rows)
    layout = [Stored("<i8")] * len(sizes) + [Stored("<f8")]
    flat = len(layout)
    layout += [Stored("<i8", of=0)] if entries else []
    packed, columns = [], []
    for number in range(chunks_):
        made = [chance.integers(-size, size + 1, rows) for size in sizes] + [chance.random(rows)]
        if ends and rows > 1:
            for array, size in zip(made[:-1], sizes, strict=True):
                array[0], array[-1] = -size, size
        if entries:  # of different lengths, behind columns that are alike
            made[0] = np.full(rows, number)
            made.append(chance.integers(0, 9, rows * number))
        columns.append(made)
        packed.append(pack(np.arange(rows), layout, made))
    found = unpack(packed, layout, range(flat))
    assert found.counts.tolist() == [rows] * chunks_
    assert found.offsets.tolist() == list(range(rows)) * chunks_
    for place, column in found.columns.items():
        assert column.dtype == layout[place].dtype
        assert column.tolist() == np.concatenate([made[place] for made in columns]).tolist()
