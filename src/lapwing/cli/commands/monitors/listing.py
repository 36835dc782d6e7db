"""lapwing monitors list: what is watched."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from lapwing.cli import output
from lapwing.cli.commands.incidents import shared
from lapwing.cli.commands.rollups.shared import show

if TYPE_CHECKING:
    from lapwing.alerts.views.board import AlarmsView

HELP = "what is watched, by the project's files and by people"
DESCRIPTION = """Lists monitors, those of the project's files first, and what they raised in the last four weeks, against the
budget.

  lapwing monitors list"""


def arguments(parser: ArgumentParser) -> None:
    """None."""


def run(options: Namespace) -> int:
    with shared.open_alerts(options) as (_, alerts, _unused):
        found = [one.as_dict() for one in alerts.monitor_views()]
        alarms = alerts.alarms()
    if options.json:
        output.write_json({"monitors": found, "alarms": alarms.as_dict()})
    elif found:
        show(
            [
                {
                    "name": one["name"],
                    "metric": one["metric"],
                    "grain": one["grain"],
                    "by": ", ".join(one["by"]) or None,
                    "slice": ", ".join(f"{name} = {value}" for name, value in one["slice"].items()) or None,
                    "sensitivity": one["sensitivity"],
                    "min_change": one["min_change"],
                    "tag": one["tag"],
                    "from": "followed" if one["followed"] else f"{one['file']}:{one['line']}",
                }
                for one in found
            ]
        )
        print(lately(alarms))
    else:
        print("Nothing is watched.")
    return 0


def lately(alarms: AlarmsView) -> str:
    """What was raised, in words.

    >>> from lapwing.alerts.views.board import AlarmsView
    >>> counts = {"useful": 2, "not_useful": 3, "taken_back": 0, "no_word": 2}
    >>> lately(AlarmsView(weeks=4, budget=3.0, raised=7, per_week=1.75, **counts))
    'Raised in the last 4 weeks: 7, 1.75 a week (budget: 3). 2 useful, 3 not useful, 2 without a word.'
    """
    budget = "no budget" if alarms.budget is None else f"budget: {alarms.budget:.3g}"
    words = [f"{alarms.useful} useful", f"{alarms.not_useful} not useful"]
    words += [f"{alarms.taken_back} taken back"] if alarms.taken_back else []
    words += [f"{alarms.no_word} without a word"]
    return (
        f"Raised in the last {alarms.weeks} weeks: {alarms.raised}, {alarms.per_week:g} a week ({budget}). "
        f"{', '.join(words)}."
    )
