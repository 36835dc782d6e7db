"""Cells: any value comes back, whatever else is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.cache.stores import cell
from lapwing.model.problem import StoreError


@given(value=st.binary(max_size=2_000) | st.binary(max_size=20).map(lambda part: part * 500))
def test_a_value_comes_back(value: bytes) -> None:
    packed = cell.pack(value)
    assert cell.unpack(packed) == value
    assert packed.startswith(cell.digest(value))
    assert len(packed) <= len(value) + 17


def test_repetition_takes_little_room() -> None:
    assert len(cell.pack(b"metric " * 10_000)) < 200


@pytest.mark.parametrize(
    "damage",
    [
        lambda c: c[:17],
        lambda c: c[:40],
        lambda c: c[:17] + b"\xff" * 4 + c[21:],
        lambda c: c[:17] + b"\x75" + c[18:],
        lambda c: c[:16] + b"\2" + c[17:],
        lambda c: bytes(16) + c[16:],
        lambda _: b"",
    ],
)
def test_a_damaged_cell_is_told(damage: object) -> None:
    assert callable(damage)
    with pytest.raises(StoreError) as caught:
        cell.unpack(damage(cell.pack(b"metric " * 10_000)))
    assert caught.value.problems[0].code == "store-damaged"
