"""A plan as JSON, with what has run of it."""

from __future__ import annotations

from typing import Any

from lapwing.sql.nodes import Plan
from lapwing.sql.run import Progress


def plan_document(plan: Plan, progress: Progress | None = None) -> dict[str, Any]:
    """`steps` are the engine's operators, root first; `scans` what is read from each source. With `progress`, the rows and
    bytes that were read."""
    done = {scan.id: scan for scan in progress.scans} if progress else {}
    scans = []
    for scan in plan.scans:
        read = done.get(scan.id)
        scans.append(
            {
                "id": scan.id,
                "source": scan.table.source,
                "kind": scan.kind,
                "table": scan.table.path,
                "rows_estimated": scan.rows,
                "rows": read.rows if read else None,
                "bytes": read.bytes if read else None,
                "shares": scan.shares,
                "retries": read.retries if read else 0,
                "trouble": read.trouble if read else None,
                "pushed": [condition.pushed for condition in scan.pushed],
                "kept": [{"text": condition.text, "reason": condition.reason or ""} for condition in scan.kept],
                "sql": scan.shown,
            }
        )
    return {"steps": [_step(depth, text) for depth, text in plan.steps], "scans": scans}


def _step(depth: int, text: str) -> dict[str, Any]:
    name, _, detail = text.partition(" ")
    return {"name": name, "detail": detail, "depth": depth}
