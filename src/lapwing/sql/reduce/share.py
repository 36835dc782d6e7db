"""Reads once what several scans of a statement would read alike."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

from lapwing.sources.base import Source
from lapwing.sql.nodes import Key, Plan, Scan
from lapwing.sql.reduce.hold import carried

MOST = 1_000_000
"""Rows that are kept until the statement ends, so that several may have them; more are streamed to each by itself."""


def shared(plan: Plan, sources: Mapping[str, Source]) -> Plan:
    """The plan, whose scans of the same rows (their table, conditions and keys are the same) have them from the first of them,
    which reads the columns of all. Keys that others provide come from that one, too, which may make more scans alike."""
    scans, first = list(plan.scans), dict[str, str]()
    while True:
        held = {_rows(scan) for scan in scans if scan.held}
        met: dict[Hashable, int] = {}
        before = len(first)
        for at, scan in enumerate(scans):
            if (
                scan.shares is not None
                or not _may(scan)
                or (scan.native and not (_rows(scan) in held and carried(scan)))
            ):
                continue
            where = met.setdefault(_rows(scan), at)
            if where != at:
                scans[where] = _together(scans[where], scan, sources[scan.table.source])
                scans[at] = replace(scan, shares=scans[where].id, held=False, keys=())
                first[scan.id] = scans[where].id
        if len(first) == before:
            break
        scans = [replace(scan, keys=_keys(scan, first)) for scan in scans]
    if not first:
        return plan
    feeds = {name: first.get(scan, scan) for name, scan in plan.feeds.items()}
    return replace(plan, scans=tuple(scans), feeds=feeds)


def _rows(scan: Scan) -> Hashable:
    """The same where the rows are."""
    return scan.table, scan.where, scan.conditions, scan.keys


def _may(scan: Scan) -> bool:
    return not scan.whole and scan.used > 0 and scan.limit is None and scan.rows is not None and scan.rows <= MOST


def _together(one: Scan, other: Scan, source: Source) -> Scan:
    wanted = {*one.columns, *other.columns}
    columns = tuple(column for column in one.table.columns if column in wanted)
    if one.native:
        return replace(one, columns=columns, many=True, held=True)
    sent = source.scan_sql(one.table, columns, one.where)
    return replace(one, columns=columns, many=True, sql=sent, shown=sent)


def _keys(scan: Scan, first: dict[str, str]) -> tuple[Key, ...]:
    return tuple(replace(key, provider=first.get(key.provider, key.provider)) for key in scan.keys)
