"""lapwing store estimate: bytes, rows and nodes of a set of rollups."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from lapwing.cli import output
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project

HELP = "what rollups take, how that grows, and how many nodes would serve it"
DESCRIPTION = """Tells bytes, rows and cells of each rollup, and what a month of data adds: of those that are built as they are,
of others by counting groups and buckets at the source, over the last four weeks where there is much more. Then how many nodes
of Bigtable keep and serve it, with all that is assumed. Embedded or not, built or not: a project on one machine can be
estimated before it moves.

  lapwing store estimate
  lapwing store estimate ads.main --answers 500 --months 24"""


def arguments(parser: ArgumentParser) -> None:
    shared.which(parser)
    parser.add_argument("--answers", type=float, default=100.0, metavar="N", help="answers a second at most (100)")
    parser.add_argument("--rows", type=float, default=20.0, metavar="N", help="rows that an answer reads (20)")
    parser.add_argument("--months", type=float, default=12.0, metavar="N", help="how far to look ahead (12)")
    parser.add_argument("--time-limit", type=float, default=60.0, metavar="S", help="seconds for each count (60)")


def run(options: Namespace) -> int:
    from lapwing.query.footprint import footprints, lines, nodes_for

    with open_project(options) as lapwing:
        found, left = footprints(lapwing, options.which, options.time_limit)
    later = round(sum(one.bytes + options.months * one.monthly for one in found))
    nodes = nodes_for(later, options.answers, options.rows)
    if options.json:
        told = {"storage": nodes.storage, "reading": nodes.reading, "wanted": nodes.wanted}
        output.write_json({"rollups": [asdict(one) for one in found], "bytes_then": later, "nodes": told, "left": left})
        return 0
    if found:
        shared.show([asdict(one) for one in found])
        print("\n".join(lines(found, nodes, options.answers, options.rows, options.months)))
    for one in left:
        print(f"left: {one}")
    return 0
