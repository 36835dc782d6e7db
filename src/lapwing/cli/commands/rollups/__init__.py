"""lapwing rollups: what is kept, and looking after it."""

from __future__ import annotations

from lapwing.cli.commands.rollups import advise, audit, history, listing, rollback, runs, verify

HELP = "list rollups, their history and runs; roll back, verify, audit, advise"
DESCRIPTION = """Looks after what `lapwing build` made. `lapwing rollups ACTION --help` tells more.

  lapwing rollups list
  lapwing rollups history flights.main --from 2013-02
  lapwing rollups runs flights --limit 10
  lapwing rollups rollback flights --as-known-at 2026-11-26T09:00
  lapwing rollups verify --repair
  lapwing rollups audit --seconds 60
  lapwing rollups advise --write"""

ACTIONS = {
    "list": listing,
    "history": history,
    "runs": runs,
    "rollback": rollback,
    "verify": verify,
    "audit": audit,
    "advise": advise,
}
