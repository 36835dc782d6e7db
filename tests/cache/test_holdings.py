"""From which moment on answers may differ: told by what the rollups held."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lapwing.cache.holdings import Holdings, same_until

FOREVER = 1 << 62


def held(*seen: str) -> Holdings:
    return {"main": tuple((10 * place, one) for place, one in enumerate(seen))}


@given(seen=st.lists(st.sampled_from("abc"), min_size=1, max_size=6), at=st.integers(0, 5))
def test_the_first_partition_that_differs_decides(seen: list[str], at: int) -> None:
    assert same_until(held(*seen), held(*seen)) == FOREVER
    at %= len(seen)
    changed = [*seen[:at], "new", *("new" for _ in seen[at + 1 :])]
    assert same_until(held(*seen), held(*changed)) == 10 * at


def test_more_and_fewer_partitions() -> None:
    assert same_until(held("a", "b"), held("a", "b", "c")) == 20
    assert same_until(held("a", "b", "c"), held("a")) == 10
    assert same_until({"main": ((10, "b"),)}, {"main": ((0, "a"), (10, "b"))}) == 0


def test_of_several_rollups_the_earliest_counts() -> None:
    before, now = {**held("a", "b"), "daily": ((0, "a"),)}, {**held("a", "c"), "daily": ((0, "a"), (50, "b"))}
    assert same_until(before, now) == 10


def test_other_rollups_or_none_tell_nothing() -> None:
    assert same_until({}, {}) is None
    assert same_until(held("a"), {}) is None
    assert same_until(held("a"), {**held("a"), "daily": ((0, "a"),)}) is None
