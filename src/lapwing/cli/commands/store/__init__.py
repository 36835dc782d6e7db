"""lapwing store: where rollups are kept."""

from __future__ import annotations

from lapwing.cli.commands.store import estimate, hot, init, show

HELP = "make the store ready, show what it holds and where load gathers, estimate what it will take"
DESCRIPTION = """Looks after the place where rollups are kept. `lapwing store ACTION --help` tells more.

  lapwing store init --dry-run
  lapwing store show
  lapwing store estimate --answers 500"""

ACTIONS = {"init": init, "show": show, "hot": hot, "estimate": estimate}
