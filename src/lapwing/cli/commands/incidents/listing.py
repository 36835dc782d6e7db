"""lapwing incidents list: what was unusual."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.commands.incidents import shared
from lapwing.cli.commands.rollups.shared import show, stretch_of

if TYPE_CHECKING:
    from lapwing.alerts.views.incident import IncidentSummary

HELP = "which incidents there were, the latest first"
DESCRIPTION = """Lists incidents, the latest first. What is not judged yet is judged before. Those that data which came later took
back are listed with --state retracted only.

  lapwing incidents list --state open
  lapwing incidents list --kind data
  lapwing incidents list --from 2013-02 --to 2013-03"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--state", choices=("open", "resolved", "retracted"), help="default: open and resolved")
    parser.add_argument(
        "--kind",
        choices=("anomaly", "so_far", "warning", "data"),
        help="of metrics, of buckets that are not complete yet, early warnings, about data; default: all",
    )
    parser.add_argument("--from", dest="start", metavar="T", help="only those that went on after T")
    parser.add_argument("--to", dest="end", metavar="T", help="only those that began before T")


def run(options: Namespace) -> int:
    from lapwing.model.calendar import from_us

    with shared.open_alerts(options) as (lapwing, alerts, _):
        low, high = stretch_of(options, lapwing)
        start, end = (None if moment is None else from_us(moment) for moment in (low, high))
        found = alerts.incidents(start, end, options.state, options.kind)
    if options.json:
        output.write_json({"incidents": [{**one.as_dict(), "id": str(one.id)} for one in found]})
    elif found:
        show([_row(one) for one in found])
        for one in found:
            if one.data is not None:
                print(f"{one.id}: {one.data.says}")
    else:
        print("There are none.")
    return 0


def _row(one: IncidentSummary) -> dict[str, Any]:
    return {
        "id": one.id,
        "monitor": one.monitor,
        "slice": ", ".join(f"{name} = {value}" for name, value in one.slice.items()),
        "opened": one.opened,
        "state": one.state if one.reason in (None, "quiet") else f"{one.state}, {one.reason}",
        "resolved": one.resolved,
        "actual": one.actual,
        "expected": one.expected,
        "at stake": None if one.at_stake is None else round(one.at_stake.amount),
        "acknowledged": one.acknowledged.who if one.acknowledged else None,
        "assignee": one.assignee or None,
    }
