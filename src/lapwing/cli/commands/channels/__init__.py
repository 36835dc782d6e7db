"""lapwing channels: the ways by which incidents are told."""

from __future__ import annotations

from lapwing.cli.commands.channels import listing, log, send, test

HELP = "list channels and subscriptions, test one, show what was told, send what is due"
DESCRIPTION = """Who is told of incidents, by which ways. `lapwing serve` sends what is due by itself. `lapwing channels ACTION
--help` tells more.

  lapwing channels list
  lapwing channels test NAME
  lapwing channels log --limit 20"""

ACTIONS = {"list": listing, "test": test, "log": log, "send": send}
