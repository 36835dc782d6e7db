"""lapwing maintenance list: the windows, the latest first."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.commands.incidents.shared import open_alerts
from lapwing.cli.commands.rollups.shared import show

if TYPE_CHECKING:
    from lapwing.alerts.maintenance import WindowView

HELP = "the windows, the latest first"
DESCRIPTION = """Lists maintenance windows: those of lapwing.yaml, which have no id, and those that people made.

  lapwing maintenance list
  lapwing maintenance list --json"""


def arguments(_: ArgumentParser) -> None:
    """Takes none."""


def run(options: Namespace) -> int:
    with open_alerts(options) as (_, alerts, _):
        found = alerts.maintenance.views()
    if options.json:
        output.write_json({"windows": [json_of(one) for one in found]})
    elif found:
        show([_row(one) for one in found])
    else:
        print("None is planned, and none was.")
    return 0


def json_of(one: WindowView) -> dict[str, Any]:
    """A window as `GET /api/maintenance` has it: ids are texts."""
    return {**one.as_dict(), "id": None if one.id is None else str(one.id)}


def _row(one: WindowView) -> dict[str, Any]:
    return {
        "id": one.id,
        "window": one.name,
        "from": one.start,
        "to": one.end,
        "monitors": ", ".join(one.monitors) or "all",
        "made by": one.who or "lapwing.yaml",
    }
