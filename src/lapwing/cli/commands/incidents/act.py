"""lapwing incidents act: what somebody does about an incident."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.incidents import shared

HELP = "acknowledge, assign, snooze, comment, accept, reopen, resolve, useful, not-useful"
DESCRIPTION = """Does something to an incident, in somebody's name; it becomes part of its record. `accept` says "this is the new
normal": the incident is closed, and the level since it began is what is expected from now on. `useful` and `not-useful` are
a vote: from now on its monitor needs a little less, or more, to speak; one's last word holds, take-back is none.

  lapwing incidents act 12 acknowledge
  lapwing incidents act 12 assign --to Bo --text "Yours?"
  lapwing incidents act 12 snooze --until now+4h
  lapwing incidents act 12 not-useful
  lapwing incidents act 12 accept --as Ann --text "We raised the prices." """
NAMES = (
    "acknowledge",
    "assign",
    "snooze",
    "comment",
    "accept",
    "reopen",
    "resolve",
    *("useful", "not-useful", "take-back"),
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "incident", type=shared.number, metavar="ID", help="its number, as `lapwing incidents list` has it"
    )
    parser.add_argument("action", choices=NAMES, help="what to do")
    parser.add_argument("--as", dest="who", metavar="NAME", help="who does it (default: this machine's user)")
    parser.add_argument("--to", default="", metavar="NAME", help="of assign; left out: to nobody")
    parser.add_argument("--until", metavar="T", help="of snooze: a time, such as now+4h or 2026-12-01T08:00")
    parser.add_argument("--text", default="", metavar="TEXT", help="a comment, with any action")


def run(options: Namespace) -> int:
    from lapwing.alerts.actions import Action
    from lapwing.model.timerange import parse_moment

    with shared.open_alerts(options) as (lapwing, alerts, _):
        until = None
        if options.until:
            project = lapwing.project
            until, _ = parse_moment(
                options.until, now=lapwing.now(), zone=project.timezone, week_start=project.week_start
            )
        who = options.who or getpass.getuser()
        action = Action(name=options.action.replace("-", "_"), who=who, to=options.to, until=until, text=options.text)
        view = alerts.act(options.incident, action)
    if options.json:
        output.write_json({**view.as_dict(), "id": str(view.summary.id)})
    else:
        print("\n".join(shared.told(view)))
    return 0
