"""Groups of several datasets meet on the dimensions they share."""

from __future__ import annotations

import pyarrow as pa

from lapwing.query.meet import meet


def test_one_table_is_sorted_and_told_where_its_groups_went() -> None:
    table, places = meet([pa.table({"a": ["y", None, "x"]})])
    assert table.column("a").to_pylist() == ["x", "y", None]
    assert places[0] is not None
    assert places[0].tolist() == [1, 2, 0]


def test_a_sorted_table_is_left_alone() -> None:
    groups = pa.table({"a": ["x", "y"]})
    table, places = meet([groups])
    assert table is groups
    assert places == [None]


def test_two_tables_keep_every_group_once() -> None:
    left, right = pa.table({"a": ["x", "y"], "b": [1, 2]}), pa.table({"a": ["y", "z"], "b": [2, None]})
    table, places = meet([left, right])
    assert list(zip(*table.to_pydict().values(), strict=True)) == [("x", 1), ("y", 2), ("z", None)]
    assert [place.tolist() for place in places if place is not None] == [[0, 1], [1, 2]]


def test_no_dimensions_meet_in_one_group() -> None:
    one = pa.table({"a": [0]}).select([])
    _, places = meet([one, one])
    assert places == [None, None]
