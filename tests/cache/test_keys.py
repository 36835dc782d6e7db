"""Keys: the order of the bytes is the order of the tuples, and everything comes back."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.cache import keys
from lapwing.cache.keys import Value, chunk_key, decode_values, encode_values, prefix_end, rollup_prefix
from lapwing.model.problem import StoreError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TRICKY = st.sampled_from(["", "\0", "\0\0", "\0\x01", "a", "a\0", "a\0b", "a\x01", "\U0010ffff", "\xff", "é", "é"])
VALUES: list[st.SearchStrategy[Value]] = [
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=True),
    TEXT | TRICKY,
    st.dates(),
]
ANY = st.one_of(VALUES)
TUPLES = st.lists(ANY, max_size=4).map(tuple)


def _rank(value: Value) -> tuple[object, ...]:
    """What a tuple sorts by, written another way than the code under test."""
    match value:
        case None:
            return (0,)
        case bool():
            return (1, value)
        case int():
            return (2, value)
        case float():
            return (3, math.isnan(value), 0.0 if math.isnan(value) else value)
        case str():
            return (4, value.encode())
        case date():
            return (5, value)


def _ranks(values: tuple[Value, ...]) -> list[tuple[object, ...]]:
    return [_rank(value) for value in values]


@given(TUPLES, TUPLES)
def test_bytes_sort_as_tuples_do(left: tuple[Value, ...], right: tuple[Value, ...]) -> None:
    first, second = encode_values(left), encode_values(right)
    assert (first < second) == (_ranks(left) < _ranks(right))
    assert (first == second) == (_ranks(left) == _ranks(right))


@given(st.sampled_from(VALUES).flatmap(lambda one: st.tuples(one, one)))
def test_values_of_one_type_sort(pair: tuple[Value, Value]) -> None:
    assert (encode_values(pair[:1]) < encode_values(pair[1:])) == (_rank(pair[0]) < _rank(pair[1]))


@given(TUPLES)
def test_values_come_back_with_their_types(values: tuple[Value, ...]) -> None:
    back = decode_values(encode_values(values))
    assert [type(value) for value in back] == [type(value) for value in values]
    assert _ranks(back) == _ranks(values)


@given(ANY, ANY)
def test_no_value_begins_another(left: Value, right: Value) -> None:
    first, second = encode_values((left,)), encode_values((right,))
    assert first == second or not second.startswith(first)


@given(TUPLES, st.binary(max_size=6))
def test_prefix_end_is_just_after_the_prefix(values: tuple[Value, ...], tail: bytes) -> None:
    prefix = rollup_prefix(b"\xff" * 8, 2**64 - 1) + encode_values(values)
    assert prefix <= prefix + tail < prefix_end(prefix)
    assert not prefix_end(prefix).startswith(prefix)


def test_prefix_end_of_all_ones_is_after_every_key() -> None:
    assert prefix_end(b"\xff\xff") > b"\xff" * keys.MOST_BYTES


@given(TUPLES, st.integers(-(2**62), 2**62), st.integers(0, 2**64 - 1))
def test_chunk_keys_end_with_the_time(values: tuple[Value, ...], start: int, version: int) -> None:
    prefix = rollup_prefix(b"12345678", version)
    encoded = encode_values(values)
    key = chunk_key(prefix, encoded, start)
    assert keys.split_chunk_key(key, prefix) == (encoded, start)
    assert key < chunk_key(prefix, encoded, start + 1)


def test_rollups_versions_and_manifests_are_apart() -> None:
    chunks, manifests = rollup_prefix(b"12345678"), keys.manifest_key(b"12345678")
    assert rollup_prefix(b"12345678", 7).startswith(chunks)
    assert not manifests.startswith(chunks)
    assert not keys.leaf_key(b"12345678", b"token").startswith((chunks, keys.manifests_prefix()))
    assert chunks[0] == manifests[0] == keys.FORMAT
    assert not rollup_prefix(b"12345678", namespace="a").startswith(keys.namespace_prefix())


def test_a_text_too_long_is_refused_and_names_its_dimension() -> None:
    with pytest.raises(StoreError, match="Dimension search_term holds a text of 500 bytes") as caught:
        encode_values(("US", "x" * 500), ("country", "search_term"))
    assert caught.value.problems[0].code == "value-too-long"


def test_values_too_long_together_are_refused() -> None:
    with pytest.raises(StoreError) as caught:
        chunk_key(rollup_prefix(b"12345678", 1), encode_values(("x" * 240, "y" * 240)), 0)
    assert caught.value.problems[0].code == "key-too-long"


def test_an_integer_beyond_64_bits_is_refused() -> None:
    with pytest.raises(StoreError, match="beyond 64 bits"):
        encode_values((2**63,))


@pytest.mark.parametrize("damaged", [b"\x63", b"\x04\x00", b"\x06abc", b"\x06a\x00\x01", b"\x07\xff\xff\xff\xff"])
def test_damage_is_noticed(damaged: bytes) -> None:
    with pytest.raises(StoreError):
        decode_values(damaged)
