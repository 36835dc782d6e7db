"""Chooses what of the engine's own is read before the statement runs, and once.

The values of a scan that the engine reads itself are wanted before the statement runs, which would read it again. Where
its rows are few they are kept: every scan that waits for values has them from there, and so has the statement, which then
knows how many there are, and does not look into files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lapwing.sources.types import family
from lapwing.sql.nodes import Plan, Scan
from lapwing.sql.relation import moved, relation

MOST = 250_000
"""Rows by estimate; of more, the statement had better begin with what it takes of each."""


def marked(plan: Plan) -> Plan:
    """The plan, whose native scans that say to others which rows these need are read once, if they are small."""
    if plan.passing:  # a condition may then be true of other rows the next time
        return plan
    scans = {scan.id: scan for scan in plan.scans}
    wanted = {one for scan in plan.scans if scan.used and not scan.native for one in _providers(scan, scans)}
    if not wanted:
        return plan
    return replace(plan, scans=tuple(replace(scan, held=scan.id in wanted) for scan in plan.scans))


def placed(plan: Plan) -> Plan:
    """The plan, whose statement takes scans that are read once from where their rows are kept."""
    scans = {scan.at: scan for scan in plan.scans if scan.native and (scan.held or scan.shares is not None)}
    if not scans:
        return plan
    texts = {at: (scan.sql, relation(scan, kept_name(scan))) for at, scan in scans.items()}
    feeds = {**plan.feeds, **{kept_name(scan): scan.shares or scan.id for scan in scans.values()}}
    residual = replace(plan.residual, edited=moved(plan.residual.edited, texts))
    return replace(plan, residual=residual, feeds=feeds)


def kept_name(scan: Scan) -> str:
    """The engine's name of the rows of a native scan that are kept."""
    return f"kept_{scan.id}"


def _providers(scan: Scan, scans: Mapping[str, Scan]) -> Iterator[str]:
    """Native scans whose values this one waits for, directly or by way of others."""
    for key in scan.keys:
        provider = scans[key.provider]
        if provider.native:
            if _small(provider):
                yield provider.id
            yield from _providers(provider, scans)
        elif key.inside:
            yield from _providers(provider, scans)


def _small(scan: Scan) -> bool:
    return scan.rows is not None and scan.rows <= MOST and carried(scan)


def carried(scan: Scan) -> bool:
    """Whether Arrow has a type of its own for each column that is read."""
    return all(family(column.type) is not None and column.type.upper() != "UHUGEINT" for column in scan.columns)
