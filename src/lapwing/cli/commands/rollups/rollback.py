"""lapwing rollups rollback: an earlier version back."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from lapwing.cli import output
from lapwing.cli.commands.query import count
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project

HELP = "put earlier versions of partitions back"
DESCRIPTION = """Makes earlier versions the ones that readers see, in one step for each rollup: the version before the present
one, the one named, or whatever readers saw at a moment. Name a dataset to keep its rollups alike. The next builds leave the
partitions alone until their source changes, or --full is given. Rolling back can be rolled back.

  lapwing rollups rollback flights --from 2013-02 --to 2013-03
  lapwing rollups rollback flights --as-known-at -2h --dry-run
  lapwing rollups rollback flights.main --version 17"""


def arguments(parser: ArgumentParser) -> None:
    shared.which(parser, required=True)
    shared.stretch(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--version", type=count, metavar="N", dest="to_version", help="this version")
    how.add_argument("--as-known-at", metavar="T", help="what readers saw at T")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")


def run(options: Namespace) -> int:
    from lapwing.cache.history import Target
    from lapwing.model.calendar import utc_iso

    with open_project(options) as lapwing:
        start, end = shared.stretch_of(options, lapwing)
        then = None if options.as_known_at is None else shared.moment(options.as_known_at, lapwing)
        target = Target(version=options.to_version, moment=then)
        done = lapwing.cache.upkeep.roll_back(options.which, target, start, end, dry_run=options.dry_run)
    if options.json:
        rows = [{**asdict(one), "start": utc_iso(one.start), "end": utc_iso(one.end)} for one in done]
        output.write_json({"rolled_back": rows, "dry_run": options.dry_run})
        return 0
    for one in done:
        says = "would be" if options.dry_run else "is"
        print(f"{one.rollup} {utc_iso(one.start)} {says} version {one.after}, not {one.before}")
    return 0
