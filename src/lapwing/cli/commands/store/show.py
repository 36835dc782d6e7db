"""lapwing store show: what the store is, and what lies where in it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

HELP = "what the store is, its rollups, and its tablets"
DESCRIPTION = """Shows the store and the bytes of each rollup in it. Of bigtable also its tablets: where each ends, in which
rollup, which rollups may have rows in it, and about how many bytes it has; and how many of the borders are there that a
new table would be given (lapwing store init --dry-run). A tablet that is much larger than the others, or one rollup in a
single tablet, is where load gathers; Bigtable cuts tablets by itself as they grow. Which keys are read most now is told by
lapwing store hot.

  lapwing store show"""


_SHOWN = 40


def arguments(parser: ArgumentParser) -> None:
    """None of its own."""


def run(options: Namespace) -> int:
    with open_project(options) as lapwing:
        status = [one for one in lapwing.cache.status(check=False) if one.refused is None]
        size = sum(one.bytes for one in status) or 1
        rollups = [
            {"rollup": one.name, "keys": one.keys, "cells": one.cells, "bytes": one.bytes, "share": one.bytes / size}
            for one in status
        ]
        store = lapwing.project.store
        tablets, wanted = _tablets(lapwing) if store.type == "bigtable" else ([], [])
        shown = store.type if store.type != "bigtable" else f"bigtable {store.instance}/tables/{store.table}"
    if options.json:
        output.write_json({"store": shown, "rollups": rollups, "tablets": tablets, "wanted": wanted})
        return 0
    print(shown)
    if rollups:
        shared.show([{**one, "share": f"{one['share']:.1%}"} for one in rollups])
    if tablets:
        shared.show(
            [
                {**one, "ends_at": _short(one["ends_at"]), "rollups": _short(", ".join(one["rollups"]))}
                for one in tablets
            ]
        )
        print(_compared(tablets, wanted))
    return 0


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _compared(tablets: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> str:
    """What the tablets are beside those of a new table, and whether one of them has most of the bytes."""
    there = sum(one["there"] for one in wanted)
    says = f"{len(tablets)} tablets. A new table would be cut at {len(wanted)} keys, of which {there} are borders here."
    if there < len(wanted):
        says += " Only a new table can be cut beforehand (lapwing store init); Bigtable cuts this one as it grows."
    largest, size = max(one["bytes"] for one in tablets), sum(one["bytes"] for one in tablets)
    if len(tablets) > 1 and largest > size / 2:
        says += f" One tablet has {largest / size:.0%} of the bytes."
    return says


def _tablets(lapwing: Lapwing) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The tablets, and the borders that a new table would be given."""
    from lapwing.cache.stores.bigtable_init import tablets
    from lapwing.cache.stores.bigtable_table import Address
    from lapwing.query.spread import owners, splits, tablets_of

    store = lapwing.project.store
    address = Address(instance=str(store.instance), table=str(store.table), app_profile=store.app_profile)
    named = owners(lapwing)
    found = tablets_of(named, tablets(address))
    there = {one.end for one in found}
    wanted = [
        {
            "at": key.hex(),
            "in": next((n for prefix, n in named.items() if key.startswith(prefix)), None),
            "there": key in there,
        }
        for key in splits(lapwing)
    ]
    return [
        {
            "ends_at": "the end" if one.end is None else one.end.hex(),
            "in": one.end_of,
            "bytes": one.bytes,
            "rollups": one.rollups,
        }
        for one in found
    ], wanted
