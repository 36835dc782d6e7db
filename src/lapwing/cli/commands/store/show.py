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
rollup, and about how many bytes it has. A tablet that is much larger than the others, or one rollup in a single tablet, is
where load gathers; Bigtable cuts tablets by itself as they grow. Which keys are hot now Google shows:
gcloud bigtable hot-tablets list.

  lapwing store show"""


_SHOWN = 40


def arguments(parser: ArgumentParser) -> None:
    """None of its own."""


def run(options: Namespace) -> int:
    with open_project(options) as lapwing:
        rollups = [
            {"rollup": one.name, "keys": one.keys, "cells": one.cells, "bytes": one.bytes}
            for one in lapwing.cache.status(check=False)
            if one.refused is None
        ]
        store = lapwing.project.store
        tablets = _tablets(lapwing) if store.type == "bigtable" else []
        shown = store.type if store.type != "bigtable" else f"bigtable {store.instance}/tables/{store.table}"
    if options.json:
        output.write_json({"store": shown, "rollups": rollups, "tablets": tablets})
        return 0
    print(shown)
    if rollups:
        shared.show(rollups)
    if tablets:
        shared.show([{**one, "ends_at": _short(one["ends_at"])} for one in tablets])
    return 0


def _short(key: str) -> str:
    return key if len(key) <= _SHOWN else f"{key[:_SHOWN]}…"


def _tablets(lapwing: Lapwing) -> list[dict[str, Any]]:
    from lapwing.cache.stores.bigtable_init import tablets
    from lapwing.cache.stores.bigtable_table import Address
    from lapwing.query.spread import owners

    store = lapwing.project.store
    address = Address(instance=str(store.instance), table=str(store.table), app_profile=store.app_profile)
    named = owners(lapwing)
    found: list[dict[str, Any]] = []
    before = 0
    for key, size in tablets(address):
        of = next((name for prefix, name in named.items() if key.startswith(prefix)), None)
        found.append({"ends_at": key.hex() or "the end", "in": of, "bytes": size - before})
        before = size
    return found
