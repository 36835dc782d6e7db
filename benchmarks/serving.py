"""A server of its own for a benchmark."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from tests.services.base import free_port

_SECONDS = 30.0


def served(stack: ExitStack, root: Path) -> int:
    """`lapwing serve` of a project, until the stack ends; its port."""
    port = free_port()
    lapwing = str(Path(sys.executable).parent / "lapwing")
    started(stack, [lapwing, "-p", str(root), "serve", "--port", str(port)], f"http://127.0.0.1:{port}/api/health")
    return port


def started(stack: ExitStack, command: list[str], url: str) -> None:
    """A server that answers at `url` when this returns, and ends with the stack."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    stack.callback(server.wait)
    stack.callback(server.terminate)
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            sys.exit(f"{command[0]} ended with {server.returncode}.")
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{url} does not answer.")
