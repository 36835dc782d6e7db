"""lapwing results list: what is kept."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.queries.listing import short
from lapwing.cli.commands.query import count
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project

HELP = "the kept results, the last told first"
DESCRIPTION = """Lists the kept results: since when they hold, when they were told last, and the milliseconds they took.

  lapwing results list --limit 50"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--limit", type=count, default=20, metavar="N", help="only N of them (20)")


def run(options: Namespace) -> int:
    from lapwing.model.size import shown_size

    with open_project(options) as lapwing:
        found = lapwing.results.status(options.limit)
    if options.json:
        # What was told and run by this process, which is nothing, would be taken for all.
        output.write_json({key: found[key] for key in ("entries", "bytes", "budget", "results")})
        return 0
    rows = [{**one, "tables": ", ".join(one["tables"] or ()), "text": short(one["text"])} for one in found["results"]]
    if rows:
        shared.show(rows)
    print(f"{found['entries']:,} results, {shown_size(found['bytes'])} of {shown_size(found['budget'])}")
    return 0
