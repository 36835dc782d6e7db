"""The rows of a bound dataset: read as they are, and given in the place of its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lapwing.model.problem import Refused
from lapwing.sources.quote import identifier
from lapwing.sql.bound import BoundDataset
from lapwing.sql.dataset import own_rows
from lapwing.sql.time import range_sql

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


def rows_sql(bound: BoundDataset, columns: Sequence[str], start: int, end: int) -> str:
    """A SELECT of these columns of the dataset's own rows with `start <= time < end` (UTC microseconds); nothing is joined."""
    name = identifier(bound.dataset.name)
    shown = ", ".join(f"{name}.{identifier(column)}" for column in columns)
    return f"SELECT {shown}\nFROM {own_rows(bound.dataset)}\nWHERE {range_sql(bound, start, end)}"
