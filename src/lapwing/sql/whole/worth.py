"""Whether running all of a statement where its tables are pays, by about how many bytes travel either way.

BigQuery tells how many rows and bytes its tables have, and nothing about values. Each condition is held to leave a third of
the rows, and each GROUP BY or DISTINCT a tenth: good for a choice between sizes that differ by powers of ten.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from lapwing.model.size import shown_size
from lapwing.sources.base import Table
from lapwing.sql.capability import No
from lapwing.sql.nodes import Plan, Scan

LEAST: Final = 64 * 1024 * 1024
"""Bytes that are read sooner than a job there has begun and ended."""
SHARE: Final = 0.1
"""More of what would travel is not worth a job."""
_LEFT: Final = 1 / 3
_GROUPS: Final = 0.1
_WIDTH: Final = 8


def travels(plan: Plan) -> float | None:
    """About how many bytes the scans of a plan bring here; None where a table tells no sizes."""
    sizes = [_size(scan) for scan in plan.scans if scan.used]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def check(plan: Plan, tree: exp.Expr, processed: int | None) -> str:
    """Why it pays, in words. `processed`: what the engine there would read for the statement, None if it does not tell.

    Raises:
        No: it does not.
    """
    here = travels(plan)
    if here is None:
        raise No("nothing is known about how much would travel")
    here = here if processed is None else min(here, processed)
    if here < LEAST:
        raise No(f"about {shown_size(round(here))} travel, which is sooner read than a job there begins")
    there = rows_of(tree, plan) * len(plan.types) * _WIDTH
    if there > SHARE * here:
        raise No(f"about {shown_size(round(there))} would travel instead of {shown_size(round(here))}")
    return f"about {shown_size(round(there))} travel instead of {shown_size(round(here))}"


def rows_of(tree: exp.Expr, plan: Plan) -> float:
    """About how many rows the statement gives."""
    most = max((_rows(scan) for scan in plan.scans), default=1.0)
    rows = most
    if isinstance(tree, exp.Select):
        own = [
            one
            for item in tree.expressions
            for one in item.find_all(exp.AggFunc)
            if one.find_ancestor(exp.Window) is None
        ]
        if tree.args.get("group") or tree.args.get("distinct"):
            rows = most * _GROUPS
        elif own:
            rows = 1.0
    limit = tree.args.get("limit")
    if limit is not None and isinstance(limit.expression, exp.Literal) and limit.expression.name.isdigit():
        rows = min(rows, float(limit.expression.name))
    return max(1.0, rows)


def _rows(scan: Scan) -> float:
    rows = float(scan.rows or 0) * _LEFT ** len(scan.pushed)
    return rows if scan.limit is None else min(rows, float(scan.limit))


def _size(scan: Scan) -> float | None:
    if scan.rows is None:
        return None
    return _rows(scan) * _row_bytes(scan.table) * len(scan.columns) / max(1, len(scan.table.columns))


def _row_bytes(table: Table) -> float:
    return table.bytes / table.rows if table.bytes and table.rows else _WIDTH * len(table.columns)
