"""What the launcher of a Flex Template runs: `lapwing build` that writes the job of one family of rollups, for the service to
submit. Parameters of the template are Lapwing's; whatever else the launcher gives is Beam's."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from lapwing.cli.main import main

FOLDER = "/project"
"""Where the image has the project."""


def arguments(given: Sequence[str]) -> list[str]:
    """The arguments of `lapwing` for those of the launcher, which are all of the form --name=value.

    >>> arguments(["--rollups=ads.main", "--region=r", "--runner=DataflowRunner"])
    ['-p', '/project', 'build', 'ads.main', '--builder', 'beam', '--runner', 'dataflow', '--beam-option', 'region=r']
    """
    parser = ArgumentParser(allow_abbrev=False)
    parser.add_argument("--rollups", required=True)
    parser.add_argument("--folder", default=FOLDER)
    parser.add_argument("--environment")
    parser.add_argument("--from", dest="start")
    parser.add_argument("--to", dest="end")
    parser.add_argument("--runner")
    own, rest = parser.parse_known_args(given)
    where = ["-p", own.folder] + (["-e", own.environment] if own.environment else [])
    what = ["build", own.rollups, "--builder", "beam", "--runner", "dataflow"]
    when = [f"{flag}={time}" for flag, time in (("--from", own.start), ("--to", own.end)) if time]
    beam = [part for one in rest for part in ("--beam-option", one.removeprefix("--"))]
    return [*where, *what, *when, *beam]


if __name__ == "__main__":
    sys.exit(main(arguments(sys.argv[1:])))
