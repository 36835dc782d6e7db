"""Reads once what several scans of a statement would read alike."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace

from lapwing.sources.base import Source
from lapwing.sql.nodes import Key, Plan, Scan
from lapwing.sql.reduce.hold import carried

MOST = 1_000_000
"""Rows that are kept until the statement ends, so that several may have them; more are streamed to each by itself."""
BY_INDEX = 0.01
"""The share of a table's rows up to which a source may find them by an index. To find more it looks at each row, or at each that
has one of the keys, which takes it about as long as sending a value."""


def shared(plan: Plan, sources: Mapping[str, Source]) -> Plan:
    """The plan, whose scans of the same rows (their table, conditions and keys are the same) have them from the first of them,
    which reads the columns of all. Keys that others provide come from that one, too, which may make more scans alike. Then those
    that another one contains have theirs from that."""
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
    for at, wide in _contained(scans):
        scans[wide] = _together(scans[wide], scans[at], sources[scans[at].table.source])
        first[scans[at].id] = scans[wide].id
        scans[at] = replace(scans[at], shares=scans[wide].id, keys=())
    if not first:
        return plan
    feeds = {name: first.get(scan, scan) for name, scan in plan.feeds.items()}
    return replace(plan, scans=tuple(scans), feeds=feeds)


def _contained(scans: Sequence[Scan]) -> Iterator[tuple[int, int]]:
    """Scans that another one has all rows of, and that one, where it is read for both with less effort. What a scan leaves out by
    its own conditions the statement leaves out of the other's rows; nobody may wait for its values, which would be more."""
    asked = {key.provider for scan in scans for key in scan.keys} | {scan.shares for scan in scans}
    left = [
        at for at, scan in enumerate(scans) if scan.shares is None and _may(scan) and not (scan.native or scan.grouped)
    ]
    left.sort(key=lambda at: len(scans[at].conditions))
    taken: set[int] = set()
    for at in reversed(left):
        if scans[at].id in asked or at in taken:
            continue
        for wide in left:
            if wide != at and _holds(scans[wide], scans[at]):
                taken.add(wide)
                yield at, wide
                break


def _holds(wide: Scan, scan: Scan) -> bool:
    """Whether the one has all rows of the other, and the values that are read in vain are no more than those read once less."""
    alike = wide.table == scan.table and set(wide.keys) == set(scan.keys)
    if not alike or not set(wide.conditions) < set(scan.conditions):
        return False
    more = len({*scan.columns} - {*wide.columns}) * (wide.rows or 0)
    rows, whole = scan.rows or 0, scan.table.rows or 0
    looked_at = (wide.rows or 0) if scan.keys else whole if rows > BY_INDEX * whole else 0
    return more <= rows * len(scan.columns) + looked_at


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
