"""lapwing incidents: what was unusual, and what people do about it."""

from __future__ import annotations

from lapwing.cli.commands.incidents import act, listing, show

HELP = "list incidents, tell one's story, act on it"
DESCRIPTION = """The same as the board and the pages of incidents. `lapwing incidents ACTION --help` tells more.

  lapwing incidents list --state open
  lapwing incidents show 12
  lapwing incidents act 12 acknowledge --text "On it." """

ACTIONS = {"list": listing, "show": show, "act": act}
