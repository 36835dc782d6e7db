"""How many rows a scan will send, roughly: for people, and for nothing that must be right."""

from __future__ import annotations

from dataclasses import replace

from lapwing.sql.nodes import Scan
from lapwing.sql.rules.base import Facts

SELECTIVITY = 0.2  # of one condition; two or more are rarely independent
MOST_COUNTED = 2


def estimate(scan: Scan, facts: Facts) -> Scan:  # noqa: ARG001 - a rule's signature
    """The table's rows, a fifth for each of the first two conditions, at most the limit."""
    if scan.table.rows is None:
        return replace(scan, rows=scan.limit)
    counted = scan.conditions if scan.native else scan.pushed
    rows = round(scan.table.rows * SELECTIVITY ** min(len(counted), MOST_COUNTED))
    return replace(scan, rows=rows if scan.limit is None else min(rows, scan.limit))
