"""Chooses which scans are reduced by the values of which: by what it saves, as far as the sources' statistics tell.

The scan with the fewest expected rows is taken first and reduces those that it is joined with; then the next. A column
receives from one provider, the best: what several say of it is seldom independent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from lapwing.sources.base import Column, Operation, Source, Table
from lapwing.sources.types import family
from lapwing.sql.nodes import Key, Plan, Scan
from lapwing.sql.reduce.edges import Edge, edges
from lapwing.sql.reduce.keys import found_inside
from lapwing.sql.reduce.seen import Seen, left

SELECTIVE = 0.7
"""Keys that leave more than this share of what others leave are not worth their way."""
WORTH = 3_000
"""Rows that keys must save, and twice as many as there are keys; below, reading is quicker than asking."""
MOST_READ = 2_000_000
"""Rows of a provider: they are kept until the statement ends, and the others wait for them."""

Rows = Callable[[Source, Table, str | None], float | None]
"""About how many rows of a table a condition in its source's dialect is true of."""


def reduced(plan: Plan, sources: Mapping[str, Source], rows: Rows, seen: Seen) -> Plan:
    """The plan with keys for those of its scans that others make smaller."""
    read = {scan.id: scan for scan in plan.scans if scan.used and scan.limit is None}
    big = [one for one in read.values() if not one.native and (one.table.rows is None or one.table.rows > WORTH)]
    if len(read) < 2 or not big:
        return plan
    tables = {scan.id: (number, scan.table.columns) for number, scan in enumerate(plan.scans)}
    known = edges(plan.named, tables, {scan.id: scan.meant for scan in plan.scans})
    among = [edge for edge in known if _possible(edge, plan, read, sources)]
    if not any(plan.scans[edge.receiver] in big for edge in among):
        return plan
    met = {plan.scans[number].id for edge in among for number in (edge.receiver, edge.provider)}
    expected = {
        key: seen.rows(read[key], {}, read) or _expected(read[key], sources[read[key].table.source], rows)
        for key in sorted(met)
    }
    keys = _keys(plan, among, expected, sources, seen)
    scans = [
        replace(scan, keys=tuple(keys.get(scan.id, ())), rows=round(expected[scan.id])) if scan.id in met else scan
        for scan in plan.scans
    ]
    return replace(plan, scans=tuple(scans))


def _possible(edge: Edge, plan: Plan, read: Mapping[str, Scan], sources: Mapping[str, Source]) -> bool:
    """Both scans are read, the provider with that column, and the receiver's source compares it as the engine does."""
    receiver, provider = plan.scans[edge.receiver], plan.scans[edge.provider]
    if receiver.id not in read or provider.id not in read:
        return False
    if provider.table.columns[edge.provided] not in provider.columns:
        return False
    column, able = receiver.table.columns[edge.column], sources[receiver.table.source].capabilities
    if receiver.native:
        return True
    kind = family(column.type)
    return able.keys > 0 and column.exact_text and kind in able.pushable.get(Operation.IN, ())


def _expected(scan: Scan, source: Source, rows: Rows) -> float:
    """Rows that the scan's own conditions leave; of a source that counts nothing, as many as there may be."""
    where = " AND ".join(f"({one.text})" for one in scan.conditions) if scan.native else scan.where
    found = rows(source, scan.table, where or None)
    if found is None:
        found = float(MOST_READ if scan.rows is None else scan.rows)
    return left(scan, found)


def _keys(
    plan: Plan, among: list[Edge], expected: dict[str, float], sources: Mapping[str, Source], seen: Seen
) -> dict[str, list[Key]]:
    """By scan its keys; `expected` becomes what they leave."""
    scans = {scan.id: scan for scan in plan.scans}
    found: dict[str, list[Key]] = {}
    shares: dict[tuple[str, str], float] = {}
    rest = set(expected)
    while rest:
        first = min(rest, key=lambda one: (expected[one], one))
        rest.remove(first)
        for edge in among:
            provider, receiver = plan.scans[edge.provider], plan.scans[edge.receiver]
            if provider.id != first or receiver.id not in rest:
                continue
            column, provided = receiver.table.columns[edge.column], provider.table.columns[edge.provided]
            domain = _different(provided, provider)
            keys = min(expected[first], domain)
            inside = keys > _most(receiver, sources)
            if inside and not found_inside(provider, provided, receiver, sources):
                continue
            if not inside and expected[first] > MOST_READ:
                continue
            others = [key for key in found.get(receiver.id, []) if key.column != column]
            reduced_by = [*others, Key(column, first, provided, round(keys), inside)]
            before = shares.get((receiver.id, column.name), 1.0)
            after = seen.rows(receiver, {**found, receiver.id: reduced_by}, scans)
            if after is None:
                after = expected[receiver.id] * min(1.0, keys / max(domain, column.distinct or 0.0)) / before
            share = before * after / expected[receiver.id]
            if share > SELECTIVE * before:
                continue
            if not receiver.native and not saved_enough(expected[receiver.id] - after, keys):
                continue
            found[receiver.id] = reduced_by
            shares[receiver.id, column.name] = share
            expected[receiver.id] = max(1.0, after)
    return found


def saved_enough(saved: float, keys: float) -> bool:
    """Whether rows that need not be read are worth the way of so many keys."""
    return saved >= max(WORTH, 2 * keys)


def _different(column: Column, scan: Scan) -> float:
    """How many different values a whole table has in a column; where nothing is known each row has its own."""
    rows = float(MOST_READ if scan.table.rows is None else scan.table.rows)
    return max(1.0, min(rows, column.distinct or rows))


def _most(scan: Scan, sources: Mapping[str, Source]) -> int:
    """Keys that a scan may receive; those of a native one go on to others, and never leave the engine."""
    if scan.native:
        return max(source.capabilities.keys for source in sources.values())
    return sources[scan.table.source].capabilities.keys
