"""lapwing jobs: builds under way, and those that were."""

from __future__ import annotations

from lapwing.cli.commands.jobs import cancel, listing, show

HELP = "list long builds, look at one, cancel it, wherever it runs"
DESCRIPTION = """Tells of builds that take more than a moment, in any process on any machine that shares the store, and of their
pipelines on Dataflow. `lapwing jobs ACTION --help` tells more.

  lapwing jobs list
  lapwing jobs show 3fbcfa4e
  lapwing jobs cancel 3fbcfa4e"""

ACTIONS = {"list": listing, "show": show, "cancel": cancel}
