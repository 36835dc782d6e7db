"""`python -m lapwing`: the command, where its script is not in PATH."""

from __future__ import annotations

from lapwing.cli.main import run

run()
