"""lapwing queries log: what was asked."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import Any

from lapwing.cli import output
from lapwing.cli.commands.queries.listing import short
from lapwing.cli.commands.query import count
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import find

HELP = "the statements that ended, from the project's log"
DESCRIPTION = """Tells what the project's servers wrote down of each SQL statement that ended, the latest first: who asked, what
it cost and how it ended. Needs no server. `query_log` in lapwing.yaml says how much is kept, and whether with texts.

  lapwing queries log --since "2 hours"
  lapwing queries log --who ana --json"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--since", metavar="LENGTH", help='only those that began so long ago at most, such as "2 hours"'
    )
    parser.add_argument("--who", metavar="NAME", help="only those that this one asked")
    parser.add_argument("--limit", type=count, default=20, metavar="N", help="only the last N (20)")


def run(options: Namespace) -> int:
    from lapwing.model.duration import parse_duration
    from lapwing.model.load import load
    from lapwing.server.query_log import read

    since = None if options.since is None else datetime.now(UTC) - parse_duration(options.since)
    project = load(find(options))
    keep = project.query_log.keep
    told = read(project.state_path.parent, keep=keep, since=since, who=options.who, limit=options.limit)
    if options.json:
        output.write_json({"queries": told})
    elif told:
        shared.show([_row(one) for one in told])
    else:
        print("No statements are on record.")
    return 0


def _row(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "began": one["began"],
        "id": one["id"],
        "who": one["who"],
        "ended": one["code"] or one["state"],
        "rows": one["rows"],
        "read": one["bytes_read"],
        "ms": round(one["milliseconds"]),
        "text": one["digest"] if one["text"] is None else short(one["text"]),
    }
