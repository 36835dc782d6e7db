"""Only columns that the plan takes are read."""

from __future__ import annotations

from dataclasses import replace

from lapwing.sql.nodes import Scan
from lapwing.sql.rules.base import Facts


def projection(scan: Scan, facts: Facts) -> Scan:
    """Keeps the columns some sighting takes; one at least, so that rows can be counted.

    A table the plan does not show (it was proved empty, or a CTE nobody uses) keeps all its columns: it is read only if
    the engine asks after all.
    """
    if not facts.sightings:
        return scan
    taken = frozenset[int]().union(*(seen.columns for seen in facts.sightings))
    columns = tuple(column for index, column in enumerate(scan.table.columns) if index in taken)
    return replace(scan, columns=columns or scan.table.columns[:1])
