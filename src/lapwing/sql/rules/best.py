"""The first rows by an order: ORDER BY with LIMIT goes to the source where it orders as the engine does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lapwing.sources.base import Column, Operation, Table
from lapwing.sources.quote import select
from lapwing.sql.nodes import Scan
from lapwing.sql.order import OrderKey
from lapwing.sql.rules.base import Facts
from lapwing.states.argument import Kind, argument_of
from lapwing.states.dialects import dialect_of

if TYPE_CHECKING:
    from lapwing.sql.capability import Renderer

MOST = 0.5
"""More than this share of a table may as well be read whole."""


def best(scan: Scan, facts: Facts) -> Scan:
    """Legal when the plan wants the first rows of this scan alone, by columns of it, with nothing between but columns and
    conditions, and the source was given every one of these. Of rows that are alike by the order any will do. The statement
    orders them again."""
    order = facts.occurrence.reference.order
    if scan.native or not order or len(facts.sightings) != 1 or facts.sightings[0].best is None or scan.kept:
        return scan
    able, wanted = facts.source.capabilities, facts.sightings[0].best
    if Operation.LIMIT not in able.pushable or not able.statements:
        return scan
    if facts.sightings[0].again or (scan.table.rows is not None and wanted > MOST * scan.table.rows):
        return scan
    from lapwing.sql.capability import No, Renderer

    try:
        renderer = Renderer(able, {column.name: column for column in scan.table.columns})
        keys = ", ".join(_sorted(key, scan.table, renderer) for key in order)
    except No:
        return scan
    names = [dialect_of(able.dialect).quote(column.name) for column in scan.columns]
    body = f"{select(names, facts.source.placed(scan.table), scan.where, None)} ORDER BY {keys} LIMIT {wanted}"
    inside = tuple(replace(one, inside=True) for one in scan.conditions)
    return replace(scan, table=replace(scan.table, body=body), conditions=inside, limit=wanted, sorted=True)


def _sorted(key: OrderKey, table: Table, renderer: Renderer) -> str:
    from lapwing.sql.capability import No

    found: list[Column] = [column for column in table.columns if column.name.lower() == key.column]
    if len(found) != 1:
        raise No("it is no column of the table")
    if key.whole and not _whole(found[0].type):
        raise No("it is rounded")
    return renderer.sorted(found[0], descending=key.descending, nulls_first=key.nulls_first)


def _whole(type_: str) -> bool:
    known = argument_of(type_)
    return known.kind is Kind.INTEGER or (known.kind is Kind.DECIMAL and known.scale == 0)
