"""A bound dataset over rows that are at hand, in the place of its table."""

from __future__ import annotations

from dataclasses import replace

from lapwing.model.problem import Refused
from lapwing.sources.quote import identifier
from lapwing.sql.bound import BoundDataset

GIVEN_ROWS = "rows"
"""The name under which the rows are given to the statement."""


def over_given(bound: BoundDataset) -> BoundDataset:
    """The dataset with its rows from `given.rows`, which has those columns of its table that are used; what is joined is
    still read where it is.

    Raises:
        Refused: it has no table of its own.
    """
    alias = f" AS {identifier(bound.dataset.name)}"
    if bound.dataset.table is None:
        raise Refused.of("no-table", f"{bound.dataset.name} is made by a statement, and not of one table's rows.")
    _, _, joins = bound.relation.partition(alias)
    return replace(bound, relation=f"given.{identifier(GIVEN_ROWS)}{alias}{joins}")
