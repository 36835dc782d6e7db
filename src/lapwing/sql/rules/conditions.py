"""Conditions go to the source, where it answers them as the engine would. They stay in the statement as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lapwing.sources.base import Column
from lapwing.sql.nodes import Condition, Scan
from lapwing.sql.rules.base import Facts

if TYPE_CHECKING:
    from sqlglot import exp

    from lapwing.sql.capability import Renderer


def conditions(scan: Scan, facts: Facts) -> Scan:
    """Gives the scan the conditions that stand above it in the plan.

    Where the plan scans the table in several places, a row is needed if any of them needs it: the places' conditions
    are joined by OR, and all of them must have one.
    """
    if not any(seen.filters for seen in facts.sightings):
        return scan
    # Below here sqlglot is imported, a tenth of a second that statements without conditions need not spend.
    from lapwing.sql.capability import Renderer

    occurrence = facts.occurrence
    columns = {occurrence.raw(index): column for index, column in enumerate(scan.table.columns)}
    # Of sums that groups are made of the plan may say the name.
    columns |= {
        column.name: column for column in scan.table.columns if scan.grouped and column.name.startswith(f"{scan.id}g")
    }
    renderer = None if scan.native else Renderer(facts.source.capabilities, columns)
    places = [_of_place(seen.filters, columns, renderer) for seen in facts.sightings]
    if len(places) == 1:
        return replace(scan, conditions=tuple(places[0]))
    if not all(places):
        return scan
    return replace(scan, conditions=(_either(places),))


def _of_place(filters: tuple[str, ...], columns: dict[str, Column], renderer: Renderer | None) -> list[Condition]:
    from lapwing.sql.predicate import conjuncts, named

    names = {raw: column.name for raw, column in columns.items()}
    found: list[Condition] = []
    for text in filters:
        parts = conjuncts(text)
        if parts is None:
            found.append(Condition(named(text, names), None, "it could not be read from the engine's plan"))
            continue
        found += [condition_of(part, names, renderer) for part in parts]
    return list(dict.fromkeys(found))


def condition_of(part: exp.Expr, names: Mapping[str, str], renderer: Renderer | None) -> Condition:
    """A part of a filter of the engine's plan, with columns by their raw names, which `names` has the own ones of."""
    from lapwing.sql.capability import No
    from lapwing.sql.predicate import named

    try:
        text = named(part.sql("duckdb"), names)
    except RecursionError:
        return Condition("a condition of very many parts", None, "it is too long to be written for a source")
    if renderer is None:
        return Condition(text, None, "the engine reads this source itself and filters while reading")
    try:
        return Condition(text, renderer.condition(part))
    except No as reason:
        return Condition(text, None, str(reason))
    except RecursionError:
        return Condition(text, None, "it is too long to be written for a source")


def _either(places: list[list[Condition]]) -> Condition:
    text = " OR ".join(f"({' AND '.join(one.text for one in place)})" for place in places)
    pushed = [[one.pushed for one in place if one.pushed is not None] for place in places]
    if not all(pushed):
        kept = next(one for place, sent in zip(places, pushed, strict=True) if not sent for one in place)
        return Condition(text, None, kept.reason)
    return Condition(text, " OR ".join(f"({' AND '.join(sent)})" for sent in pushed))
