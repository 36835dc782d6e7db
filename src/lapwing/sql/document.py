"""A plan as JSON, with what has run of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lapwing.sql.nodes import Plan, Scan
from lapwing.sql.run import Progress, ScanProgress


def plan_document(
    plan: Plan, progress: Progress | None = None, estimates: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """`steps` are the engine's operators, root first; `scans` what is read from each source; `notes` what was done besides, and
    what not. With `progress`, the rows and bytes that were read; `estimates` are bytes that scans would be billed for."""
    done = {scan.id: scan for scan in progress.scans} if progress else {}
    known = estimates or {}
    return {
        "where": plan.where,
        "steps": [_step(depth, text) for depth, text in plan.steps],
        "scans": [_scan(scan, done.get(scan.id), known.get(scan.id)) for scan in plan.scans],
        "notes": list(plan.notes),
    }


def _scan(scan: Scan, read: ScanProgress | None, estimate: int | None) -> dict[str, Any]:
    return {
        "id": scan.id,
        "source": scan.table.source,
        "kind": scan.kind,
        "table": scan.table.path,
        "alias": scan.alias,
        "rows_estimated": scan.rows,
        "rows": read.rows if read else None,
        "bytes": read.bytes if read else None,
        "bytes_estimated": estimate,
        "bytes_billed": read.spent.bytes_billed if read and read.spent else None,
        "connections": read.connections if read else None,
        "kept_rows": read.kept if read else False,
        "limit": scan.limit,
        "shares": scan.shares,
        "retries": read.retries if read else 0,
        "trouble": read.trouble if read else None,
        "pushed": [condition.pushed for condition in scan.pushed],
        "unread": [column.name for column in scan.unread],
        "kept": [{"text": condition.text, "reason": condition.reason or ""} for condition in scan.kept],
        "keys": [
            {
                "column": key.column.name,
                "provider": key.provider,
                "provided": key.provided.name,
                "expected": key.expected,
                "inside": key.inside,
            }
            for key in scan.keys
        ],
        "sql": scan.shown,
    }


def _step(depth: int, text: str) -> dict[str, Any]:
    name, _, detail = text.partition(" ")
    return {"name": name, "detail": detail, "depth": depth}
