"""lapwing queries list: what runs, what waits and what ran lately."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from lapwing.cli import output
from lapwing.cli.commands.queries import client
from lapwing.cli.commands.query import count
from lapwing.cli.commands.rollups import shared

HELP = "the statements that run, wait and ran lately, the latest first"
DESCRIPTION = """Lists the SQL statements of a running server, the latest first, with who asks, how far they are, and the place of
those that wait.

  lapwing queries list --running
  lapwing queries list --server http://lapwing.example:8600 --json"""
_TEXT = 60


def arguments(parser: ArgumentParser) -> None:
    client.arguments(parser)
    parser.add_argument("--running", action="store_true", help="only those that have not ended")
    parser.add_argument("--limit", type=count, default=20, metavar="N", help="only the last N (20)")


def run(options: Namespace) -> int:
    found = client.ask(options, "GET", "api", "queries")["queries"]
    told = [one for one in found if not options.running or one["state"] == "running"][: options.limit]
    if options.json:
        output.write_json({"queries": told})
    elif told:
        shared.show([_row(one) for one in told])
    else:
        print("There are no statements.")
    return 0


def _row(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": one["id"],
        "who": one["who"],
        "priority": one["priority"],
        "state": stage(one),
        "rows": one["rows"],
        "bytes": one["bytes"],
        "seconds": round(one["milliseconds"] / 1e3, 1),
        "text": short(one["text"]),
    }


def stage(one: dict[str, Any]) -> str:
    """Its state, or how far it is while it runs; the place of one that waits."""
    if one["state"] != "running":
        return f"{one['state']}: {one['code']}" if one["state"] == "failed" else str(one["state"])
    return str(one["stage"]) if one["position"] is None else f"waiting, {ordinal(one['position'])}"


def ordinal(number: int) -> str:
    """
    >>> ordinal(1), ordinal(12), ordinal(23)
    ('1st', '12th', '23rd')
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def short(text: str) -> str:
    """A statement in one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= _TEXT else f"{line[: _TEXT - 1]}…"
