"""`python -m lapwing.cli`."""

from __future__ import annotations

from lapwing.cli.main import run

run()
