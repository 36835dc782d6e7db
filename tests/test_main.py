"""`python -m lapwing` is the command."""

from __future__ import annotations

import subprocess
import sys

from tests.flights import COMMAND


def test_it_is_the_command() -> None:
    for arguments in (["--version"], ["--help"]):
        said = [
            subprocess.run([*program, *arguments], capture_output=True, text=True, check=True).stdout
            for program in ([sys.executable, "-m", "lapwing"], [COMMAND])
        ]
        assert said[0] == said[1] != ""
