"""lapwing goals: how the project's goals stand."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.commands.rollups.shared import show

if TYPE_CHECKING:
    from lapwing.alerts.views.goals import GoalView

HELP = "what the goals' periods will come to, and how likely each is missed"
DESCRIPTION = """Lists the goals of lapwing.yaml: what is in, what the period will come to with the interval that eight of
ten ends lie in, and P(miss). The likeliest miss comes first.

  lapwing goals
  lapwing goals --as-of 2013-12-10 --json"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--as-of", metavar="T", help="as it was known then (default: now)")


def run(options: Namespace) -> int:
    from lapwing.cli.commands.incidents import shared

    with shared.open_alerts(options) as (lapwing, alerts, _):
        found = alerts.goals(shared.as_of(options, lapwing))
    if options.json:
        views = [one.as_dict() for one in found]
        output.write_json(
            {"goals": [{**one, "open": None if one["open"] is None else str(one["open"])} for one in views]}
        )
    elif found:
        show([_row(one) for one in found])
    else:
        print("There are no goals: write them under goals: in lapwing.yaml.")
    return 0


def _row(one: GoalView) -> dict[str, Any]:
    from lapwing.alerts.words import number

    def said(value: float | None) -> str | None:
        return None if value is None else number(value, one.format, one.unit)

    return {
        "goal": one.name,
        "metric": one.metric,
        "slice": ", ".join(f"{name} = {value}" for name, value in one.slice.items()),
        "period": f"{one.period} of {one.start[:10]}",
        "aim": f"{one.aim.replace('_', ' ')} {said(one.goal)}",
        "so far": said(one.so_far),
        "projected": said(one.projected),
        "from": said(one.lower),
        "to": said(one.upper),
        "P(miss)": None if one.miss is None else round(one.miss, 3),
        "warnings before": f"{one.came} of {one.warnings} came true" if one.warnings else "none",
        "incident": one.open,
    }
