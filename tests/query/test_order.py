"""The first rows of an order are those of the whole order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.query import order

VALUES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "integers": (pa.int64(), st.none() | st.integers(-3, 3)),
    "decimals": (pa.decimal128(38, 2), st.none() | st.integers(-300, 300).map(lambda i: Decimal(i) / 100)),
    "doubles": (pa.float64(), st.none() | st.floats()),
    "texts": (pa.string(), st.none() | st.sampled_from(["", "a", "b", "ä"])),
    "nothing": (pa.int64(), st.none()),
}


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data(), direction=st.sampled_from(["ascending", "descending"]), limit=st.integers(0, 12))
def test_the_first_rows(kind: str, data: st.DataObject, direction: str, limit: int) -> None:
    type_, strategy = VALUES[kind]
    values = data.draw(st.lists(strategy, max_size=60))
    table = pa.table({"value": pa.array(values, type_), "name": [f"{i * 7 % 61:03}" for i in range(len(values))]})
    keys = [("value", direction), ("name", "ascending")]
    whole = table.take(pc.sort_indices(table, sort_keys=keys))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "_MANY", 1)
        assert order.ordered(table, keys, limit)["name"].to_pylist() == whole.slice(0, limit)["name"].to_pylist()
    assert order.ordered(table, keys, None)["name"].equals(whole["name"])
    assert order.ordered(table, [], limit)["name"].equals(table["name"].slice(0, limit))
