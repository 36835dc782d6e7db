"""lapwing maintenance end: takes a window back."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.incidents.shared import open_alerts
from lapwing.cli.commands.query import count

HELP = "take a window back: what is in it is judged after all"
DESCRIPTION = """Takes a window back that somebody made. What was retracted since it lay in it is raised again. Windows of
lapwing.yaml end there.

  lapwing maintenance end 3"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("window", type=count, metavar="ID", help="its id, as `lapwing maintenance list` has it")
    parser.add_argument("--as", dest="who", metavar="NAME", help="who does it (default: this machine's user)")


def run(options: Namespace) -> int:
    with open_alerts(options) as (_, alerts, _):
        alerts.maintenance.remove(options.window, options.who or getpass.getuser())
    if options.json:
        output.write_json({"ended": str(options.window)})
    else:
        print(f"{options.window}: taken back. What is in it is judged after all.")
    return 0
