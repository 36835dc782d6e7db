"""What PostgreSQL expects to cost more: groups that it makes, or the rows they are of, read over several connections.

Both are told in the server's own units of cost, by its own plans; decision 075 has what they were measured by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Node = Mapping[str, Any]
"""A node of a plan, as EXPLAIN (FORMAT JSON) tells it."""

MOVED: Final = 0.1
"""A row that is sent, which takes a process of the server about as long as handing it to another (parallel_tuple_cost)."""
GROUPED: Final = 0.01
"""A row that is put into one of few groups in memory (cpu_tuple_cost)."""
FAR: Final = 0.02
"""Seconds for the quickest plan from which on the server is taken to be far: there it counts most what travels."""
_MANY_TIMES: Final = 10
"""The server's number of groups is taken for wrong where it is so many times ours."""


def rows_cost_less(groups: Node, expected: float, reads: Sequence[Node], connections: int, many: float) -> bool:
    """Whether the rows are there sooner than their groups.

    Args:
        groups: the plan of the statement that makes them.
        expected: how many there are, as we know it.
        reads: the plans of what reads the rows.
        connections: how many a table of at least `many` rows that is read from end to end is read over.
    """
    return price_of_rows(reads, connections, many) < price_of_groups(groups, expected)


def price_of_groups(plan: Node, expected: float) -> float:
    """What the server expects, without the files that it would write for groups which there are not: of a time that is cut it
    takes every moment for a group. Sorting all rows for them it does in any case."""
    aggregate: Node | None = plan
    while aggregate is not None and aggregate["Node Type"] != "Aggregate":
        aggregate = aggregate["Plans"][0] if aggregate.get("Plans") else None
    if aggregate is None or aggregate["Strategy"] != "Hashed" or aggregate["Plan Rows"] < _MANY_TIMES * expected:
        return float(plan["Total Cost"])
    below = aggregate["Plans"][0]
    return min(float(plan["Total Cost"]), float(below["Total Cost"]) + GROUPED * float(below["Plan Rows"]))


def price_of_rows(reads: Sequence[Node], connections: int, many: float) -> float:
    """Of all reads together: they share the machine."""
    total = 0.0
    for plan in reads:
        one = float(plan["Total Cost"]) + MOVED * float(plan["Plan Rows"])
        shared = plan["Node Type"] == "Seq Scan" and plan["Plan Rows"] >= many
        total += one / connections if shared else one
    return total
