"""Leaves out columns for which constants stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lapwing.sources.base import Source
from lapwing.sql.nodes import Plan, Scan
from lapwing.sql.relation import feed, moved, relation


def dropped(plan: Plan, bare: Plan, sources: Mapping[str, Source]) -> Plan:
    """The plan, whose scans read what they need. Those that have their rows from another one look at all conditions, which may
    be more than that had; what they need is read for them. `bare`: the plan before any of its scans had rows from others."""
    written = {one.id: relation(one, feed(one)) for one in bare.scans}
    less = {scan.id: _less(scan, plan, sources) for scan in plan.scans if scan.constants and scan.shares is None}
    texts = {one.at: (written[one.id], relation(one, feed(one))) for one in less.values()}
    scans = tuple(less.get(scan.id, scan) for scan in plan.scans)
    return replace(plan, scans=scans, residual=replace(plan.residual, edited=moved(plan.residual.edited, texts)))


def _less(scan: Scan, plan: Plan, sources: Mapping[str, Source]) -> Scan:
    others = {column for one in plan.scans if one.shares == scan.id for column in one.columns}
    columns = tuple(column for column in scan.columns if column in scan.needed or column in others)
    sent = sources[scan.table.source].scan_sql(scan.table, columns, scan.where, scan.limit)
    return replace(scan, columns=columns, sql=sent, shown=sent)
